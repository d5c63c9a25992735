/**
 * Completing missing copies: what one store of a tenant holds whole and another lacks is carried over,
 * byte for byte, without the source and without any key that reads. Oldest backup first, so that a
 * store that is being filled is at any moment what it was some time ago.
 */
import type { Sha256 } from "../base/digest.ts";
import { type Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import { distinct } from "../repository/chain.ts";
import { damagedKeys } from "../repository/known-damage.ts";
import { storeFailure } from "../repository/library.ts";
import { type GoodRecord, isGood, type StoredRecord } from "../repository/records.ts";
import { copyBackup, linesOrLost } from "./copy-backup.ts";
import {
  demandReadable,
  type Ground,
  liveMenders,
  type MendingShelf,
  openGround,
  type ReplicationDesk,
  sourcesFor,
} from "./ground.ts";
import { spreadStatements } from "./statements.ts";

export interface ReplicateReport {
  readonly tenant: TenantId;
  /** Every copy that was lacking, and what became of it. */
  readonly copies: readonly ReplicatedCopy[];
  /** Proofs, findings, condemned lists and holds that a store lacked and has now. */
  readonly documents: number;
  /** Stores that could not be asked or written to. */
  readonly down: readonly { readonly store: StoreName; readonly failure: Failure }[];
}

export interface ReplicatedCopy {
  readonly backup: BackupId;
  readonly store: StoreName;
  /**
   * `copied`; `lost`: no store holds some object whole; `damaged`: a record lies there that is not believed,
   * which heal mends; `condemned`: a prune named it, and it stays away; `failed`: a store could not
   * be asked, or did not take it.
   */
  readonly result: "copied" | "lost" | "damaged" | "condemned" | "failed";
  readonly objects: number;
  readonly bytes: number;
  /** Why it was not copied; null when it was. */
  readonly detail: string | null;
}

/** Told as each copy ends. */
export type ReplicateWatch = (copy: ReplicatedCopy) => void;

/**
 * "policy/refused" for an erased tenant, "store/quorum" when no store can be asked, "keys/signature" where
 * a condemned list cannot be read: what it names is unknown, and nothing that is dead may come back.
 */
export async function replicate(
  tenant: TenantId,
  menders: readonly MendingShelf[],
  desk: ReplicationDesk,
  watch: ReplicateWatch,
  wait: Waiting,
): Promise<ReplicateReport> {
  const ground = await openGround(tenant, menders, desk, wait);
  demandReadable(ground.condemned);
  const wanted = distinct([...ground.seen.values()].flat().filter(isGood));
  const copies: ReplicatedCopy[] = [];
  for (const to of liveMenders(ground)) {
    for await (const copy of fill(ground, to, wanted, wait)) {
      copies.push(copy);
      watch(copy);
    }
  }
  const documents = await spreadStatements(ground, wait);
  const down = [...ground.shelves.failures].map(([store, failure]) => ({ store, failure }));
  return { tenant, copies, documents, down };
}

async function* fill(
  ground: Ground,
  to: MendingShelf,
  wanted: readonly GoodRecord[],
  wait: Waiting,
): AsyncGenerator<ReplicatedCopy> {
  const store = to.store.name;
  const there = new Map((ground.seen.get(store) ?? []).map((one) => [one.backup, one]));
  const whole = [...there.values()].filter(isGood);
  const none = { store, objects: 0, bytes: 0 };
  for (const record of wanted) {
    const { backup } = record;
    const shown = there.get(backup);
    if (shown !== undefined) {
      const end = shown.sha256 === record.sha256 ? null : unlike(shown);
      if (end !== null) yield { ...none, backup, ...end };
      continue;
    }
    const condemned = ground.condemned.keys.has(recordKey(ground.tenant, backup));
    if (condemned) continue;
    const end = await attempt(ground, to, record, whole, wait);
    yield { ...none, backup, ...end };
    if (ground.shelves.failures.has(store)) return;
    if (end.result === "copied") whole.push(record);
  }
}

/** What lies in the place of a record that another store shows otherwise; null where only a clock is in doubt. */
function unlike(shown: StoredRecord): Pick<ReplicatedCopy, "result" | "detail"> | null {
  if (shown.standing === "good")
    return { result: "failed", detail: "another record, signed as well, lies there under that name" };
  if (shown.reason === "future") return null;
  return { result: "damaged", detail: `its record is not believed: ${shown.detail}` };
}

type End = Omit<ReplicatedCopy, "backup" | "store">;

async function attempt(
  ground: Ground,
  to: MendingShelf,
  record: GoodRecord,
  whole: readonly GoodRecord[],
  wait: Waiting,
): Promise<End> {
  const none = { objects: 0, bytes: 0 };
  try {
    const vouched = await vouchedFor(ground, to, record, whole, wait);
    const end = await copyBackup({ ground, to, record, vouched }, wait);
    switch (end.kind) {
      case "copied":
        return {
          result: "copied",
          objects: end.brought.length,
          bytes: end.brought.reduce((sum, line) => sum + line.bytes, 0),
          detail: null,
        };
      case "lost":
        return {
          ...none,
          result: end.lost.mayReturn ? "failed" : "lost",
          detail: `${end.lost.key}: ${end.lost.reason}`,
        };
      case "condemned":
        return { ...none, result: "condemned", detail: `${end.key} is condemned` };
    }
  } catch (error) {
    const failure = storeFailure(error, wait);
    if (endsStore(failure)) leaveOut(ground, to.store.name, failure);
    return { ...none, result: "failed", detail: failure.message };
  }
}

/**
 * What the neighbours of a backup name in the same store, without what was found damaged there: nearly all
 * that a backup shares with others it shares with those, and the rest is read before it is believed.
 */
export async function vouchedFor(
  ground: Ground,
  to: MendingShelf,
  { backup }: GoodRecord,
  whole: readonly GoodRecord[],
  wait: Waiting,
): Promise<ReadonlyMap<ObjectKey, Sha256>> {
  const store = to.store.name;
  const sorted = whole.toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
  const before = sorted.findLast((one) => one.backup < backup);
  const after = sorted.find((one) => one.backup > backup);
  const vouched = new Map<ObjectKey, Sha256>();
  for (const neighbour of [before, after]) {
    if (neighbour === undefined) continue;
    const lines = await linesOrLost(neighbour.record, sourcesFor(ground, store), wait);
    if ("mayReturn" in lines) continue;
    for (const { key, sha256 } of lines) vouched.set(key, sha256);
  }
  const damaged = damagedKeys(ground.statements, store, ground.storeIds.get(store) ?? null);
  for (const key of damaged) vouched.delete(key);
  return vouched;
}

/** Whether it is the store that fails, and not this one backup. */
function endsStore({ code }: Failure): boolean {
  return code.startsWith("store/") && code !== "store/corrupt" && code !== "store/absent";
}

/** The last store that fails is told in the report as the others are. */
function leaveOut({ shelves }: Ground, store: StoreName, failure: Failure): void {
  try {
    shelves.fail(store, failure);
  } catch (error) {
    if (!isFailure(error, "store/quorum")) throw error;
  }
}
