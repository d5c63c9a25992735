/** `holdfast stores check`: probes what each store really does, and marks a suitable one as a store. */
import { exitCodes, Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config, StoreConfig } from "../config/config.ts";
import { ensureDescriptor } from "../stores/describe.ts";
import { examineStore, type StoreExamination } from "../stores/examine.ts";
import { command } from "./command.ts";
import type { Machine } from "./context.ts";
import { openBareStore } from "./open-stores.ts";
import { count, table } from "./text.ts";

export interface CheckedStore extends StoreExamination {
  /** From `holdfast.json`, which is made when it is absent; null in a store that is not suitable. */
  readonly storeId: string | null;
}

export const storesCheck = command({
  name: "stores check",
  usage: "[stores..]",
  describe: "probe what stores really do: create-only, races, checksums, versions, locks, clock",
  examples: [
    ["stores check", "every store of the configuration"],
    ["stores check frankfurt --json", "one of them, for a script"],
  ],
  options: (yargs) =>
    yargs.positional("stores", {
      type: "string",
      array: true,
      describe: "names; every store when none is given",
    }),
  run: async ({ stores }, context, out) => {
    const config = await context.config();
    const chosen = chooseStores(config, stores ?? []);
    const checked: CheckedStore[] = [];
    for (const store of chosen) {
      out.say(`probing ${store.name} below holdfast-probe/, which is removed again`);
      checked.push(await checkStore(store, context.machine, context.wait));
    }
    out.result(checked, () => text(checked));
    return checked.every(({ suitable }) => suitable) ? exitCodes.done : exitCodes.refused;
  },
});

function chooseStores({ stores }: Config, names: readonly string[]): StoreConfig[] {
  const all = [...stores.values()];
  const unknown = names.filter((name) => !all.some((store) => store.name === name));
  if (unknown.length > 0) {
    throw new Failure("usage/invalid", `there is no store ${unknown.join(", ")}`, {
      hint: `the configuration names ${all.map(({ name }) => name).join(", ")}`,
    });
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.some((wanted) => wanted === name));
}

/** Only a store that passed is given a descriptor: an unsuitable one is not to look like one of ours. */
async function checkStore(config: StoreConfig, machine: Machine, wait: Waiting): Promise<CheckedStore> {
  const store = await openBareStore(config);
  const { chance, clock } = machine;
  const lock = config.driver === "s3" && config.lock !== null;
  const examination = await examineStore(store, { chance, clock, lock }, wait);
  if (!examination.suitable) return { ...examination, storeId: null };
  try {
    const { storeId } = await ensureDescriptor(store, chance, clock, wait);
    return { ...examination, storeId };
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    const probe = { name: "descriptor", outcome: "failed" as const, detail: withHint(error) };
    return { ...examination, suitable: false, probes: [...examination.probes, probe], storeId: null };
  }
}

function withHint({ message, hint }: Failure): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

function text(checked: readonly CheckedStore[]): string {
  const rows = checked.flatMap(({ store, probes }) =>
    probes.map(({ name, outcome, detail }) => [store, name, outcome, detail]),
  );
  const verdicts = checked.map(({ store, suitable, storeId, probes }) => {
    const failed = probes.filter(({ outcome }) => outcome === "failed").length;
    return suitable
      ? `${store} is suitable, store id ${storeId ?? ""}`
      : `${store} is not suitable: ${count(failed, "probe")} failed`;
  });
  return `${table(["store", "probe", "outcome", "detail"], rows)}\n\n${verdicts.join("\n")}`;
}
