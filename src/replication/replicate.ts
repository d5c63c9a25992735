/**
 * Completing missing copies: what one store of a tenant holds whole and another lacks is carried over,
 * byte for byte, without the source and without any key that reads. Oldest backup first, so that a
 * store that is being filled is at any moment what it was some time ago.
 */
import { type Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import { distinct } from "../repository/chain.ts";
import { storeFailure } from "../repository/library.ts";
import { type GoodRecord, isGood, type StoredRecord } from "../repository/records.ts";
import { type Carried, carry, type CopyRun } from "./carry.ts";
import { conclude, type CopyEnd, endsStore, openRun } from "./copy-backups.ts";
import {
  type Delivery,
  demandReadable,
  type Ground,
  liveMenders,
  type MendingShelf,
  openGround,
  type ReplicationDesk,
} from "./ground.ts";
import { spreadStatements } from "./statements.ts";

export interface ReplicateReport {
  readonly tenant: TenantId;
  /** Backups of which one of its stores showed a record to begin with, believed or not. */
  readonly held: ReadonlySet<BackupId>;
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
   * which heal mends; `condemned`: a prune named it, and it stays away until a later prune that keeps it
   * after all withdraws the list; `failed`: a store could not
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
  const seen = [...ground.seen.values()].flat();
  const held = new Set(seen.map(({ backup }) => backup));
  const wanted = distinct(seen.filter(isGood));
  const copies: ReplicatedCopy[] = [];
  for (const to of liveMenders(ground)) {
    for await (const copy of fill({ ground, to }, wanted, wait)) {
      copies.push(copy);
      watch(copy);
    }
  }
  const documents = await spreadStatements(ground, wait);
  const down = [...ground.shelves.failures].map(([store, failure]) => ({ store, failure }));
  return { tenant, held, copies, documents, down };
}

/** A batch ends at so many backups, objects named, or bytes brought: that is what a run that is cut off has to look at again. */
const batchMax = { backups: 32, objects: 100_000, bytes: 1024 * 1024 * 1024 };

async function* fill(
  delivery: Delivery,
  wanted: readonly GoodRecord[],
  wait: Waiting,
): AsyncGenerator<ReplicatedCopy> {
  const { ground, to } = delivery;
  const there = new Map((ground.seen.get(to.store.name) ?? []).map((one) => [one.backup, one]));
  const lacking: GoodRecord[] = [];
  for (const record of wanted) {
    const shown = there.get(record.backup);
    if (shown === undefined) lacking.push(record);
    else if (shown.sha256 !== record.sha256) {
      const end = unlike(shown);
      if (end !== null) yield { ...nothing, store: to.store.name, backup: record.backup, ...end };
    }
  }
  if (lacking.length > 0) yield* copyEach(delivery, lacking, [...there.values()].filter(isGood), wait);
}

async function* copyEach(
  { ground, to }: Delivery,
  lacking: readonly GoodRecord[],
  whole: readonly GoodRecord[],
  wait: Waiting,
): AsyncGenerator<ReplicatedCopy> {
  const told = (backup: BackupId, end: CopyEnd): ReplicatedCopy => ({
    ...tell(end),
    store: to.store.name,
    backup,
  });
  let current = lacking[0];
  try {
    const generations = new Set(lacking.map(({ record }) => record.keyGeneration));
    const run = await openRun({ ground, to, whole, isShown: false }, generations, wait);
    let batch: Carried[] = [];
    const concluded = async function* (): AsyncGenerator<ReplicatedCopy> {
      const ending = batch;
      batch = [];
      let next = 0;
      current = ending[0]?.record ?? current;
      for await (const end of conclude(run, ending, wait)) {
        const backup = ending[next]?.record.backup;
        if (backup !== undefined) yield told(backup, end);
        next += 1;
        current = ending[next]?.record ?? current;
      }
    };
    for (const record of lacking) {
      current = record;
      const end = await carryOrFail(run, record, wait);
      if (end.kind === "carried") {
        batch.push(end);
        if (isFull(batch)) yield* concluded();
        continue;
      }
      // Those before it first; they may well be whole where a store gets full.
      yield* concluded();
      current = record;
      if (end.kind === "failed" && endsStore(end.failure)) throw end.failure;
      yield told(record.backup, end);
    }
    yield* concluded();
  } catch (error) {
    const failure = storeFailure(error, wait);
    leaveOut(ground, to.store.name, failure);
    if (current !== undefined) yield told(current.backup, { kind: "failed", failure });
  }
}

async function carryOrFail(run: CopyRun, record: GoodRecord, wait: Waiting): Promise<Carried | CopyEnd> {
  try {
    return await carry(run, record, wait);
  } catch (error) {
    return { kind: "failed", failure: storeFailure(error, wait) };
  }
}

function isFull(batch: readonly Carried[]): boolean {
  const objects = batch.reduce((sum, { lines }) => sum + lines.length, 0);
  const bytes = batch.reduce((sum, { brought }) => sum + brought.bytes, 0);
  return batch.length >= batchMax.backups || objects >= batchMax.objects || bytes >= batchMax.bytes;
}

/** What lies in the place of a record that another store shows otherwise; null where only a clock is in doubt. */
function unlike(shown: StoredRecord): Pick<ReplicatedCopy, "result" | "detail"> | null {
  if (shown.standing === "good")
    return { result: "failed", detail: "another record, signed as well, lies there under that name" };
  if (shown.reason === "future") return null;
  return { result: "damaged", detail: `its record is not believed: ${shown.detail}` };
}

const nothing = { objects: 0, bytes: 0 };

function tell(end: CopyEnd): Omit<ReplicatedCopy, "backup" | "store"> {
  switch (end.kind) {
    case "copied":
      return { result: "copied", objects: end.brought.length, bytes: end.brought.bytes, detail: null };
    case "lost": {
      const { key, reason, mayReturn } = end.lost;
      return { ...nothing, result: mayReturn ? "failed" : "lost", detail: `${key}: ${reason}` };
    }
    case "condemned":
      return { ...nothing, result: "condemned", detail: `${end.key} is condemned` };
    case "failed":
      return { ...nothing, result: "failed", detail: end.failure.message };
  }
}

/** The last store that fails is told in the report as the others are. */
function leaveOut({ shelves }: Ground, store: StoreName, failure: Failure): void {
  try {
    shelves.fail(store, failure);
  } catch (error) {
    if (!isFailure(error, "store/quorum")) throw error;
  }
}
