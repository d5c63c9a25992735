import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../base/exists.ts";
import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { loadConfig } from "../../config/load-config.ts";
import { type PlanName, storeName } from "../../model/ids.ts";
import { ensureDescriptor } from "../../stores/describe.ts";
import { directoryStore } from "../../stores/directory.ts";
import { configText, type ConfigWish } from "./config-text.ts";
import type { Machine } from "../../desk/machine.ts";
import { makeKeyFolder, makeOrRefuse, writeIdentity, writeSigningKey } from "./key-files.ts";
import { reachableByAll } from "./reachable-by-all.ts";

export interface SetUpWish extends Pick<ConfigWish, "source" | "tenants" | "plan"> {
  /** Absolute. */
  readonly folder: string;
}

export interface SetUp {
  readonly config: string;
  readonly keys: readonly string[];
  readonly stores: readonly { readonly name: string; readonly path: string }[];
  readonly plans: string;
  readonly recipient: string;
}

/** What may not be there beforehand; anything else in the folder is none of our business. */
const ours = ["holdfast.yaml", "keys", "stores", "plans"] as const;

/** A folder that the scratch user can reach when ours lies behind one that only root may enter. */
const systemScratch = "/var/lib/holdfast/scratch";

/**
 * Writes configuration, keys, two directory stores with descriptors and the shipped plans, and reads
 * the result back as every command will. Refuses with "usage/invalid" when any of it exists.
 */
export async function setUp(wish: SetUpWish, machine: Machine, wait: Waiting): Promise<SetUp> {
  const { folder } = wish;
  const shippedPlans = join(machine.packageFolder, "plans");
  const plans = join(folder, "plans");
  // In a checkout the shipped plans lie in place already.
  const hasPlans = plans === shippedPlans;
  await refuseTaken(folder, hasPlans ? ours.filter((name) => name !== "plans") : ours);
  await refuseUnknownPlan(shippedPlans, wish.plan);
  try {
    return await make(wish, { shippedPlans, plans: hasPlans ? null : plans }, machine, wait);
  } catch (error) {
    if (isFailure(error)) throw error;
    throw new Failure("usage/invalid", `${folder} cannot be set up: ${reasonOf(error)}`, {
      cause: error,
      hint: `remove what there is of ${ours.join(", ")} in it before the next try`,
    });
  }
}

/** `plans`: where the shipped ones are copied to; null where they lie there already. */
async function make(
  { folder, ...wish }: SetUpWish,
  { shippedPlans, plans }: { readonly shippedPlans: string; readonly plans: string | null },
  machine: Machine,
  wait: Waiting,
): Promise<SetUp> {
  await makeOrRefuse(folder);
  const keys = join(folder, "keys");
  await makeKeyFolder(keys);
  const identity = await writeIdentity(keys, "classic", machine.clock);
  const signing = await writeSigningKey(keys);
  if (plans !== null) await cp(shippedPlans, plans, { recursive: true, errorOnExist: true, force: false });

  const stores = ["one", "two"].map((name) => ({ name, path: join(folder, "stores", name) }));
  for (const { name, path } of stores) {
    await makeOrRefuse(path, 0o700);
    const store = directoryStore({ name: storeName.parse(name), path, chance: machine.chance });
    await ensureDescriptor(store, machine.chance, machine.clock, wait);
  }

  const config = join(folder, "holdfast.yaml");
  const scratch = machine.uid === 0 && !(await reachableByAll(folder)) ? systemScratch : null;
  await writeFile(config, configText({ ...wish, recipient: identity.recipient, scratch }), {
    flag: "wx",
    mode: 0o644,
  });
  await loadConfig(config, machine.env);
  return {
    config,
    keys: [identity.path, signing.privatePath, signing.publicPath],
    stores,
    plans: plans ?? shippedPlans,
    recipient: identity.recipient,
  };
}

async function refuseTaken(folder: string, names: readonly string[]): Promise<void> {
  const taken: string[] = [];
  for (const name of names) {
    if (await exists(join(folder, name))) taken.push(name);
  }
  if (taken.length === 0) return;
  throw new Failure("usage/invalid", `${folder} holds ${taken.join(", ")} already`, {
    hint: "nothing is ever overwritten; `holdfast init FOLDER` sets up elsewhere",
  });
}

async function refuseUnknownPlan(shipped: string, plan: PlanName): Promise<void> {
  const names = (await readdir(shipped)).map((file) => file.replace(/\.yaml$/, "")).sort();
  if (names.includes(plan)) return;
  throw new Failure("usage/invalid", `there is no plan ${plan}`, {
    hint: `the shipped plans are ${names.join(", ")}`,
  });
}
