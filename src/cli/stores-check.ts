/** `holdfast stores check`: probes what each store really does, and marks a suitable one as a store. */
import { exitCodes, Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config, StoreConfig } from "../config/config.ts";
import { ensureDescriptor, readDescriptor } from "../stores/describe.ts";
import { examineStore, type StoreExamination } from "../stores/examine.ts";
import { samePlace, samePlaces } from "../repository/identify-stores.ts";
import { command, type Exit } from "./frame/command.ts";
import type { Machine } from "../desk/machine.ts";
import { openBareStore } from "../desk/open-stores.ts";
import type { Output } from "./frame/output.ts";
import { count, table } from "./frame/text.ts";

export interface CheckedStore extends StoreExamination {
  /** From `holdfast.json`, which is made when it is absent; null in a store that is not suitable. */
  readonly storeId: string | null;
  /** Whether the store answered at all. */
  readonly reachable: boolean;
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
      checked.push(await checkStore(store, context.machine, out, context.wait));
    }
    const told = withoutDoubles(checked);
    out.result(told, () => text(told));
    return exitOf(told);
  },
});

/** A store that could not be reached was not found unsuitable: that is a failure of a machine (promise 5). */
function exitOf(checked: readonly CheckedStore[]): Exit {
  const unsuitable = checked.filter(({ suitable }) => !suitable);
  if (unsuitable.length === 0) return exitCodes.done;
  return unsuitable.every(({ reachable }) => !reachable) ? exitCodes.failed : exitCodes.refused;
}

/** Two names for one place would count one copy twice. */
function withoutDoubles(checked: readonly CheckedStore[]): readonly CheckedStore[] {
  const ids = new Map(
    checked.flatMap(({ store, storeId }) => (storeId === null ? [] : [[store, storeId] as const])),
  );
  const doubled = new Map(samePlaces(ids, ids.keys()).map(({ name, other }) => [name, other]));
  return checked.map((one) => {
    const other = doubled.get(one.store);
    if (other === undefined) return one;
    const detail = withHint(samePlace(one.store, other));
    return { ...one, suitable: false, probes: [...one.probes, { name: "place", outcome: "failed", detail }] };
  });
}

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
async function checkStore(
  config: StoreConfig,
  machine: Machine,
  out: Output,
  wait: Waiting,
): Promise<CheckedStore> {
  const store = await openBareStore(config);
  const { chance, clock } = machine;
  const lock = config.driver === "s3" && config.lock !== null;
  const examined = await examineStore(store, { chance, clock, lock }, wait);
  const reachable = !examined.probes.some(({ detail }) => detail.startsWith("store/unreachable: "));
  const examination = { ...examined, reachable };
  if (!examination.suitable) return { ...examination, storeId: null };
  try {
    const wasMarked = (await readDescriptor(store, wait)) !== null;
    const { storeId } = await ensureDescriptor(store, chance, clock, wait);
    if (!wasMarked) {
      out.say(`${config.name} held no holdfast.json and is a new store from now on, ${storeId}`);
      out.say("  hint: if a volume should have been mounted there, take that holdfast.json away again");
    }
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
  const verdicts = checked.map(({ store, suitable, storeId, reachable, probes }) => {
    const failed = probes.filter(({ outcome }) => outcome === "failed").length;
    if (suitable) return `${store} is suitable, store id ${storeId ?? ""}`;
    return reachable
      ? `${store} is not suitable: ${count(failed, "probe")} failed`
      : `${store} cannot be reached`;
  });
  return `${table(["store", "probe", "outcome", "detail"], rows)}\n\n${verdicts.join("\n")}`;
}
