/**
 * Promise 4: a copy is proven by restoring it, from its store alone, into real PostgreSQL and comparing
 * everything with what was measured in the source's own snapshot. What the copy lacks is a finding;
 * what breaks on this machine leaves the verdict inconclusive (promise 5).
 */
import type { Clock } from "../base/clock.ts";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import type { Signer } from "../keys/signing.ts";
import { type CheckName, type CheckResult, checkNames, failed, judge, notRun } from "../model/check.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import type { Image } from "../postgres/image.ts";
import { isDamage } from "../repository/damage.ts";
import { keysToRead } from "../repository/key-access.ts";
import type { Library } from "../repository/library.ts";
import { type OpenedCopy, openCopy } from "../repository/open-copy.ts";
import { type GoodRecord, isGood, readRecord, type StoredRecord } from "../repository/records.ts";
import { writeProof } from "../repository/write-proof.ts";
import type { Opener, Sealer } from "../sealing/sealing.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { Store } from "../stores/store.ts";
import { inspectCopy } from "./inspect-copy.ts";
import { noting } from "./noting-reader.ts";
import type { VerifyReport } from "./report.ts";

export interface VerifyOrder {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  /** The store whose copy is on trial; no other store helps it. */
  readonly store: Store;
  /** Where the proof goes: all the tenant's stores. */
  readonly proofStores: readonly Store[];
  readonly tryOut: TryOut;
}

export interface TryOutResult {
  readonly checks: readonly CheckResult[];
  readonly notes: readonly string[];
}

/**
 * Restores the image into scratch and compares. Damage that the image meets is thrown as it is; a
 * machine that breaks is a `not-run` check where checks had begun, and thrown before.
 */
export type TryOut = (image: Image, wait: Waiting) => Promise<TryOutResult>;

export interface VerifyDesk {
  readonly library: Pick<Library, "trust" | "clock">;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly opener: Opener;
  readonly sealer: Sealer;
  readonly signer: Signer;
  /** The age identity of this host. */
  readonly identity: string | null;
  readonly hostName: string;
  readonly version: string;
}

/**
 * Throws "backup/unknown" when the store has no such record, "keys/role" when this host may not read,
 * and "wait/cancelled". Everything else is in the report; a proof is written unless the record itself
 * is not to be believed.
 */
export async function verifyCopy(desk: VerifyDesk, order: VerifyOrder, wait: Waiting): Promise<VerifyReport> {
  const startedMs = desk.monotonicMs();
  const record = await readRecord(order, order.store, desk.library, wait);
  if (record === null) {
    throw new Failure(
      "backup/unknown",
      `${order.store.name} holds no backup ${order.backup} of ${order.tenant}`,
    );
  }
  if (!isGood(record)) return reportOf(order, startedMs, desk, { ...unbelieved(record), proofIn: [] });
  const trial = await holdTrial(desk, order, wait);
  try {
    const proofIn = await sign(desk, order, record, { trial, startedMs }, wait);
    return reportOf(order, startedMs, desk, { ...trial, proofIn });
  } catch (error) {
    stillWaiting(wait);
    if (!isFailure(error)) throw error;
    // What was found is told all the same; the caller sees that no store holds the proof.
    const notes = [...trial.notes, `the proof could not be written: ${error.message}`];
    return reportOf(order, startedMs, desk, { ...trial, notes, proofIn: [] });
  }
}

/**
 * Without a record to bind it to there is no proof. A version that is unknown here and a time that may
 * be wrong only by this host's clock say nothing about the copy; everything else refutes it.
 */
function unbelieved({ reason, detail, backup }: Exclude<StoredRecord, GoodRecord>): Trial {
  const told = `the record of ${backup} is not believed: ${detail}`;
  if (reason === "future") return untried(new Failure("source/clock", told));
  if (reason === "format") return untried(new Failure("format/unknown", told));
  const finding = { subject: `record of ${backup}`, difference: `is not believed: ${detail}` };
  return nothingTried([failed("copy", 1, [finding])]);
}

function untried(failure: Failure): Trial {
  return { ...nothingTried([notRun("copy", "machine", failure.message)]), failure };
}

interface Trial {
  readonly checks: readonly CheckResult[];
  readonly notes: readonly string[];
  readonly excluded: readonly string[];
  readonly damaged: readonly ObjectKey[];
  readonly failure: Failure | null;
}

async function holdTrial(desk: VerifyDesk, order: VerifyOrder, wait: Waiting): Promise<Trial> {
  const { reader, asked } = noting(order.store);
  const keys = keysToRead(order.tenant, desk.library.trust, desk.identity);
  const { tenant, backup } = order;
  let copy: OpenedCopy;
  try {
    copy = await openCopy({ tenant, backup, keys }, { ...desk.library, stores: [reader] }, desk.opener, wait);
  } catch (error) {
    return unopened(error, order, wait);
  }
  const excluded = copy.manifest.fingerprint.omitted.map(
    ({ kind, name, reason }) => `${kind} ${name}: ${reason}`,
  );
  let failure: Failure | null = null;
  let tried: TryOutResult = { checks: [], notes: [] };
  let damagedStream: Failure | null = null;
  try {
    tried = await order.tryOut(copy.image, wait);
  } catch (error) {
    stillWaiting(wait);
    if (isDamage(error)) damagedStream = error;
    else failure = asFailure(error);
  }
  try {
    const { check, damaged } = await inspectCopy(
      { store: order.store, inventory: copy.inventory, seenWhole: asked, seenDamaged: copy.damage() },
      wait,
    );
    const unexplained = damagedStream !== null && check.outcome === "passed" ? damagedStream : null;
    const whole =
      unexplained === null
        ? check
        : failed("copy", check.compared, [{ subject: "a stream", difference: unexplained.message }]);
    return { ...filledUp([whole, ...tried.checks], failure), notes: tried.notes, excluded, damaged, failure };
  } catch (error) {
    stillWaiting(wait);
    const broken = failure ?? asFailure(error);
    const check = notRun("copy", "machine", broken.message);
    return {
      ...filledUp([check, ...tried.checks], broken),
      notes: tried.notes,
      excluded,
      damaged: [],
      failure: broken,
    };
  }
}

/** The copy could not even be opened: damage refutes it, a broken machine leaves everything open. */
function unopened(error: unknown, order: VerifyOrder, wait: Waiting): Trial {
  stillWaiting(wait);
  if (isFailure(error, "keys/role") || isFailure(error, "keys/identity")) throw error;
  if (isDamage(error)) {
    return nothingTried([
      failed("copy", 1, [{ subject: `backup ${order.backup}`, difference: error.message }]),
    ]);
  }
  return untried(asFailure(error));
}

function nothingTried(checks: readonly CheckResult[]): Trial {
  return { ...filledUp(checks, null), notes: [], excluded: [], damaged: [], failure: null };
}

/** Every check is in every report; what was not reached says why. */
function filledUp(
  checks: readonly CheckResult[],
  failure: Failure | null,
): { readonly checks: readonly CheckResult[] } {
  const have = new Map<CheckName, CheckResult>(checks.map((check) => [check.name, check]));
  const reason = failure === null ? "the copy could not be restored whole" : `not reached: ${failure.code}`;
  return { checks: checkNames.map((name) => have.get(name) ?? notRun(name, "machine", reason)) };
}

function asFailure(error: unknown): Failure {
  return isFailure(error) ? error : new Failure("internal/bug", reasonOf(error), { cause: error });
}

async function sign(
  desk: VerifyDesk,
  order: VerifyOrder,
  { record, sha256 }: GoodRecord,
  { trial, startedMs }: { readonly trial: Trial; readonly startedMs: number },
  wait: Waiting,
): Promise<readonly StoreName[]> {
  const descriptor = await readDescriptor(order.store, wait);
  const keys = keysToRead(order.tenant, desk.library.trust, desk.identity);
  const named = { generation: record.keyGeneration, statement: null };
  // The copy on trial may have lost its keys; the detail is sealed with those of any store that has them.
  const { recipient } = await keys(named, order.proofStores, wait);
  const { stores } = await writeProof(
    {
      proof: {
        format: { name: "holdfast-proof", version: 1 },
        tenant: order.tenant,
        backup: order.backup,
        store: order.store.name,
        storeId: descriptor?.storeId ?? "",
        record: sha256,
        verdict: judge(trial.checks),
        at: desk.clock.now().toISOString(),
        seconds: secondsSince(desk, startedMs),
        host: desk.hostName,
        version: desk.version,
        checks: trial.checks.map(({ name, outcome, compared, findings }) => {
          const sqlState = findings.find((one) => one.sqlState !== undefined)?.sqlState;
          return { name, outcome, compared, ...(sqlState === undefined ? {} : { sqlState }) };
        }),
        excluded: trial.excluded.length,
        damaged: [...trial.damaged],
      },
      detail: { checks: trial.checks, notes: trial.notes, excluded: trial.excluded },
      recipient,
      stores: order.proofStores,
    },
    desk,
    wait,
  );
  return stores;
}

function secondsSince(desk: VerifyDesk, startedMs: number): number {
  return (desk.monotonicMs() - startedMs) / 1000;
}

function reportOf(
  { tenant, backup, store }: VerifyOrder,
  startedMs: number,
  desk: VerifyDesk,
  trial: Trial & { readonly proofIn: readonly StoreName[] },
): VerifyReport {
  const { checks, notes, excluded, proofIn, failure } = trial;
  return {
    tenant,
    backup,
    store: store.name,
    verdict: judge(checks),
    seconds: secondsSince(desk, startedMs),
    checks,
    excluded,
    proofIn,
    notes,
    ...(failure === null
      ? {}
      : { error: { code: failure.code, message: failure.message, hint: failure.hint ?? null } }),
  };
}
