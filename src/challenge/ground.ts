/**
 * The ground of a challenge: a source with two small tenants, two stores that hold a backup of last
 * week and one of today, keys, and what was measured of the tenant while it was whole.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { noProgress } from "../base/progress.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config, Tenant } from "../config/config.ts";
import { openDesk } from "../desk/open-desk.ts";
import type { Desk } from "../desk/desk.ts";
import type { Machine } from "../desk/machine.ts";
import type { BackupId, StoreName } from "../model/ids.ts";
import type { VerifyReport } from "../verify/report.ts";
import { backUp, keepingOriginal, snapshotOf } from "./back-up.ts";
import type { Original } from "./damage.ts";
import { examiner } from "./examiner.ts";
import { breakableInstallation, type BrokenInstallation } from "./machine/broken-installation.ts";
import { neighbourTenant } from "./neighbour.ts";
import { type ChallengeSigners, signersOf } from "./signers.ts";
import { type ChallengeSource, startSource } from "./source.ts";
import { challengedDatabase, challengedTenant, takesWalls } from "./tenant.ts";
import { pathOfStore } from "./workbench.ts";

export interface Ground extends AsyncDisposable {
  readonly folder: string;
  readonly desk: Desk;
  readonly source: ChallengeSource;
  readonly tenant: Tenant;
  readonly neighbour: Tenant;
  /** Whose copy is damaged. */
  readonly onTrial: StoreName;
  readonly other: StoreName;
  readonly newest: BackupId;
  readonly older: BackupId;
  readonly neighbours: BackupId;
  /** The folder of the store on trial as it was when `older` was its newest backup. */
  readonly lastWeek: string;
  readonly original: Original;
  /** The database that clones are made of. */
  readonly pristine: string;
  readonly signers: ChallengeSigners;
  /** Whose programs are those of the source, until a damage says otherwise. */
  readonly installation: BrokenInstallation;
  /**
   * Of the newest backup in the other store and of the older one in the store on trial: what real proofs there
   * are. The newest in the store on trial has none.
   */
  readonly verified: readonly VerifyReport[];
}

/** Tenants and their databases, which the configuration of a challenge names. */
export const challengeTenants: readonly string[] = [challengedDatabase, neighbourTenant.name];

const pristine = "challenged_pristine";

/** What happened at the tenant between the two backups. */
const aWeek = [
  "insert into public.journal select i, 'later ' || md5(i::text) from generate_series(14001, 14400) i",
  "update sales.invoice set paid = true where id % 50 = 0",
  "select nextval('ledger.number')",
];

export interface GroundOrder {
  /** Ours alone; what is made in it goes with whoever made it. */
  readonly folder: string;
  /** Two directory stores with descriptors, every role on this host, the tenants `challenged` and `neighbour`. */
  readonly config: Config;
  readonly machine: Machine;
}

export async function layGround({ folder, config, machine }: GroundOrder, wait: Waiting): Promise<Ground> {
  await using open = new AsyncDisposableStack();
  const desk = open.use(await openDesk(config, machine, wait));
  const signers = await signersOf(desk);
  // Keys of others stand beside the host's own, so that what they may not sign can be tried.
  const trusting: Desk = { ...desk, trust: () => Promise.resolve(signers.trust) };
  const tenant = examinedWhole(tenantOf(config, challengedDatabase));
  const neighbour = examinedWhole(tenantOf(config, neighbourTenant.name));
  const [onTrial, other] = tenant.stores;
  if (onTrial === undefined || other === undefined)
    throw new Failure("internal/bug", "a challenge takes two stores");
  const source = open.use(await startSource(folder, desk, wait));
  await source.make(neighbourTenant, neighbourTenant.name, wait);
  const statements = challengedTenant.statements.filter((one) => source.isWalledOff || !takesWalls(one));
  await source.make({ ...challengedTenant, statements }, challengedDatabase, wait);

  const read = (of: Tenant) => (bound: Waiting) =>
    snapshotOf(source.url(of.scope.database), of, trusting, bound);
  const neighbours = await backUp(trusting, neighbour, read(neighbour), wait);
  const older = await backUp(trusting, tenant, read(tenant), wait);
  const lastWeek = join(folder, "last-week");
  await cp(pathOfStore(desk, onTrial), lastWeek, { recursive: true, preserveTimestamps: true });
  await source.sql(challengedDatabase, aWeek, wait);
  let measured: (() => Original) | null = null;
  const newest = await backUp(
    trusting,
    tenant,
    async (bound) => {
      const { snapshot, original } = keepingOriginal(await read(tenant)(bound));
      measured = original;
      return snapshot;
    },
    wait,
  );
  const original = originalOf(measured);
  await source.sql("postgres", [`alter database ${challengedDatabase} rename to ${pristine}`], wait);
  const installation = await breakableInstallation(join(folder, "broken"), source, wait);
  const verified = [
    await examiner.verify(trusting, tenant, { backup: newest, store: other }, quiet, wait),
    await examiner.verify(trusting, tenant, { backup: older, store: onTrial }, quiet, wait),
  ];
  const kept = open.move();
  return {
    folder,
    desk: trusting,
    source,
    tenant,
    neighbour,
    onTrial,
    other,
    newest,
    older,
    neighbours,
    lastWeek,
    original,
    pristine,
    signers,
    installation,
    verified,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Nobody wants to see the bars of what comes before. */
const quiet = { say: () => undefined, progress: () => noProgress };

function originalOf(measured: (() => Original) | null): Original {
  if (measured !== null) return measured();
  throw new Failure("internal/bug", "the original was not measured");
}

function tenantOf({ tenants }: Config, id: string): Tenant {
  const found = tenants.values().find((tenant) => tenant.id === id);
  if (found !== undefined) return found;
  throw new Failure("internal/bug", `the configuration of the challenge has no tenant ${id}`);
}

/** Every check there is, whatever the plan leaves to Sundays, and an assertion for the one that asks the plan's. */
function examinedWhole(tenant: Tenant): Tenant {
  const { plan } = tenant;
  const assertions = tenant.id === challengedDatabase ? [emptyStaysEmpty] : [];
  const verification = { ...plan.verification, indexes: "always", assertions } as const;
  return { ...tenant, plan: { ...plan, verification } };
}

const emptyStaysEmpty = { name: "empty is empty", query: "select count(*) from sales.empty", expect: "0" };
