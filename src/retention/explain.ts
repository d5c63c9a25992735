/** `retention explain`: for each backup the rules that keep it, or what would remove it and when. */
import type { Waiting } from "../base/waiting.ts";
import { graceMs } from "../repository/commit.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import type { KeepRule, RemovalReason } from "../model/keep.ts";
import type { RemovedAgainstPlan } from "./against-plan.ts";
import { type JudgedBackup, judgeTenant } from "./judge-tenant.ts";
import type { RetentionDesk, RetentionOrder } from "./order.ts";
import type { Stop } from "./stop.ts";

export interface Explanation {
  readonly tenant: TenantId;
  /** An erased tenant has nothing to be explained. */
  readonly isErased: boolean;
  /** Newest first. */
  readonly backups: readonly ExplainedBackup[];
  readonly againstPlan: readonly RemovedAgainstPlan[];
  /** Why a prune would remove nothing now. */
  readonly stops: readonly Stop[];
}

export interface ExplainedBackup {
  readonly backup: BackupId;
  readonly kind: BackupKind;
  readonly at: string;
  /** Where its copy is whole and its newest proof says so. */
  readonly provenIn: readonly StoreName[];
  readonly refutedIn: readonly StoreName[];
  /** Empty: it is to go. */
  readonly keptBy: readonly KeepRule[];
  /** Null while it is kept by a rule whose end nobody can know. */
  readonly removal: {
    readonly reason: RemovalReason;
    /** The earliest that a prune may take its record away. */
    readonly recordFrom: string;
    /** The earliest that its objects, where nothing else names them, may follow. */
    readonly objectsFrom: string;
  } | null;
}

/** Writes nothing. A store that is down is among the stops; "store/quorum" is never thrown. */
export async function explain(
  order: RetentionOrder,
  desk: RetentionDesk,
  wait: Waiting,
): Promise<Explanation> {
  const { isErased, stops, backups, againstPlan } = await judgeTenant(order, desk, wait);
  const now = desk.clock.now();
  const all = backups.map((one) => explained(one, now));
  return { tenant: order.tenant, isErased, stops, againstPlan, backups: all };
}

function explained({ entry, keeping }: JudgedBackup, now: Date): ExplainedBackup {
  const { backup, kind, at, copies } = entry;
  const all = [...copies];
  const provenIn = all
    .filter(([, { state, proof }]) => state === "present" && proof?.verdict === "proven")
    .map(([store]) => store);
  const refutedIn = all.filter(([, { proof }]) => proof?.verdict === "refuted").map(([store]) => store);
  return {
    backup,
    kind,
    at,
    provenIn,
    refutedIn,
    keptBy: keeping.keptBy,
    removal: dated(keeping.removal, now),
  };
}

function dated(removal: JudgedBackup["keeping"]["removal"], now: Date): ExplainedBackup["removal"] {
  if (removal === null) return null;
  const record = Math.max(Date.parse(removal.from), now.getTime());
  return {
    reason: removal.reason,
    recordFrom: new Date(record).toISOString(),
    objectsFrom: new Date(record + graceMs).toISOString(),
  };
}
