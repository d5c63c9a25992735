import type { ServerAddress } from "../base/server-address.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { BackupId } from "../model/ids.ts";
import { connect } from "../postgres/session/connect.ts";
import { backUp, snapshotOf } from "./back-up.ts";
import type { DumpDamage, LoadDamage } from "./damage.ts";
import type { Seen } from "./look.ts";
import { type Round, verified } from "./round.ts";
import { challengedDatabase, challengedTenant } from "./tenant.ts";
import { whileCloned } from "./while-cloned.ts";
import { setOut, type Workbench } from "./workbench.ts";

/** A backup is made as if the dump had been wrong, sealed and signed as ever, and then verified. */
export async function challengeDump(round: Round, damage: DumpDamage, wait: Waiting): Promise<Seen> {
  const { onTrial, desk: whole, folder } = round.ground;
  const tenant = { ...round.ground.tenant, stores: [onTrial] };
  await using bench = await setOut(folder, [onTrial], whole);
  const backup = await backUpClone(round, damage, { bench, tenant }, wait);
  return await verified(round, { desk: bench.desk(), tenant }, { backup, store: onTrial }, wait);
}

async function backUpClone(
  round: Round,
  damage: DumpDamage,
  { bench, tenant }: { readonly bench: Workbench; readonly tenant: Tenant },
  wait: Waiting,
): Promise<BackupId> {
  const { source, pristine, original } = round.ground;
  const work = async (): Promise<BackupId> => {
    await source.clone(challengedTenant, pristine, challengedDatabase, wait);
    await source.sql(challengedDatabase, damage.statements, wait);
    const desk = bench.desk();
    const url = source.url(challengedDatabase);
    const open = async (bound: Waiting): ReturnType<typeof snapshotOf> =>
      round.forge(damage, await snapshotOf(url, tenant, desk, bound), original);
    return await backUp(desk, tenant, open, wait);
  };
  return await whileCloned(round, challengedDatabase, work, wait);
}

/** The good backup is loaded, something is altered behind the loader's back, and then it is compared. */
export async function challengeLoad(round: Round, { altered }: LoadDamage, wait: Waiting): Promise<Seen> {
  const { onTrial, desk, folder, newest } = round.ground;
  const tenant = { ...round.ground.tenant, stores: [onTrial] };
  await using bench = await setOut(folder, [onTrial], desk);
  const copy = {
    backup: newest,
    store: onTrial,
    loaded: async (restored: ServerAddress, bound: Waiting) => {
      await using session = await connect(restored, "scratch", { ownSearchPath: true }, bound);
      for (const statement of altered) await session.query(statement);
    },
  };
  return await verified(round, { desk: bench.desk(), tenant }, copy, wait);
}
