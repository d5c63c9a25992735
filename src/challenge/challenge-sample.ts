import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { BackupId } from "../model/ids.ts";
import { backUp, snapshotOf } from "./back-up.ts";
import type { SampleTenant } from "./damage.ts";
import type { Seen } from "./look.ts";
import { type Round, verified } from "./round.ts";
import { takesWalls } from "./tenant.ts";
import { whileCloned } from "./while-cloned.ts";
import { setOut } from "./workbench.ts";

const database = "sample";

/** A tenant with nothing wrong is made, backed up and verified: anything but proven is a false alarm. */
export async function challengeSample(round: Round, sample: SampleTenant, wait: Waiting): Promise<Seen> {
  const { desk: whole, folder, neighbour, onTrial, source } = round.ground;
  const scope = { kind: "database", database } as const;
  // What the plan of the challenged tenant asserts is about its own tables.
  const tenant: Tenant = { ...round.ground.tenant, plan: neighbour.plan, scope, stores: [onTrial] };
  const statements = sample.statements.filter((one) => source.isWalledOff || !takesWalls(one));
  await using bench = await setOut(folder, [onTrial], whole);
  const desk = bench.desk();
  const made = async (): Promise<BackupId> => {
    await source.make({ ...sample, statements }, database, wait);
    const open = (bound: Waiting): ReturnType<typeof snapshotOf> =>
      snapshotOf(source.url(database), tenant, desk, bound);
    return await backUp(desk, tenant, open, wait);
  };
  const backup = await whileCloned(round, database, made, wait);
  return await verified(round, { desk, tenant }, { backup, store: onTrial }, wait);
}
