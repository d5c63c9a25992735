/**
 * The trial of one copy: opened from its store alone, tried out in scratch, every object looked at. What
 * the copy lacks is a finding; what breaks on this machine leaves everything open (promise 5).
 */
import { Failure, type FailureCode, failureOf, isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import {
  type CheckName,
  type CheckResult,
  checkNames,
  failed,
  type Finding,
  notRun,
} from "../model/check.ts";
import type { BackupId, ObjectKey, TenantId } from "../model/ids.ts";
import type { Image } from "../postgres/image.ts";
import { rightTime } from "../repository/clocks.ts";
import { isDamage } from "../repository/damage.ts";
import { keysToRead } from "../repository/key-access.ts";
import type { Library } from "../repository/library.ts";
import { type OpenedCopy, openCopy } from "../repository/open-copy.ts";
import type { GoodRecord, StoredRecord } from "../repository/records.ts";
import { demandSamePlace } from "../repository/same-place.ts";
import { askStoreId, type StoreId } from "../repository/store-id.ts";
import type { Opener } from "../sealing/sealing.ts";
import type { ObjectReader } from "../stores/store.ts";
import { inspectCopy } from "./inspect-copy.ts";
import { findMisnamed } from "./misnamed-chunks.ts";
import { noting } from "./noting-reader.ts";

export interface TrialOrder {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  /** The store whose copy is on trial; no other store helps it. */
  readonly store: ObjectReader;
  readonly tryOut: TryOut;
}

export interface TrialDesk {
  readonly library: Pick<Library, "trust" | "clock">;
  readonly opener: Opener;
  /** The age identity of this host. */
  readonly identity: string | null;
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

export interface Trial {
  readonly checks: readonly CheckResult[];
  readonly notes: readonly string[];
  readonly excluded: readonly string[];
  readonly damaged: readonly ObjectKey[];
  /** See `findMisnamed`. */
  readonly misnamed: readonly ObjectKey[];
  readonly failure: Failure | null;
}

/** Of a store by its id, null where it bears none: what was found is of that place and no other. */
export interface PlacedTrial extends Trial {
  readonly storeId: string | null;
}

/** Throws "keys/role" and "keys/identity" when this host may not read, and "wait/cancelled"; nothing else. */
export async function holdTrial(desk: TrialDesk, order: TrialOrder, wait: Waiting): Promise<PlacedTrial> {
  const identity = await askedId(order, wait);
  if (isFailure(identity)) return { ...untried(identity), storeId: null };
  const { storeId } = identity;
  const trial = await tryCopy(desk, order, wait);
  try {
    // Set while the copy was tried it would date the proof, whatever this says, as wrongly as one that was wrong before.
    await rightTime([order.store], () => desk.library.clock.now(), wait);
    await demandSamePlace(order.store, storeId, wait);
    return { ...trial, storeId };
  } catch (error) {
    stillWaiting(wait);
    return { ...unsaid(trial, failureOf(error)), storeId };
  }
}

async function askedId({ store }: TrialOrder, wait: Waiting): Promise<StoreId | Failure> {
  try {
    return await askStoreId(store, wait);
  } catch (error) {
    stillWaiting(wait);
    return failureOf(error);
  }
}

async function tryCopy(desk: TrialDesk, order: TrialOrder, wait: Waiting): Promise<Trial> {
  const { reader, asked } = noting(order.store);
  const keys = keysToRead(order.tenant, desk.library.trust, desk.identity);
  const { tenant, backup } = order;
  let copy: OpenedCopy;
  try {
    await rightTime([reader], () => desk.library.clock.now(), wait);
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
    const first = failureOf(error);
    if (isDamage(first)) damagedStream = first;
    else failure = first;
  }
  try {
    const { check, damaged } = await inspectCopy(
      { store: order.store, inventory: copy.inventory, seenWhole: asked, seenDamaged: copy.damage() },
      wait,
    );
    const isBad = damagedStream !== null || tried.checks.some((one) => one.outcome === "failed");
    const misnamed = isBad || mayBeOfBytes(failure) ? await findMisnamed(copy, wait) : [];
    // A machine that broke is no reason to refute what may restore to what the fingerprint says.
    const lies = (isBad ? misnamed : []).map((key): Finding => ({
      subject: `object ${key}`,
      difference: "is not what it is named for",
    }));
    const unexplained = damagedStream !== null && check.outcome === "passed" ? damagedStream : null;
    const findings = [
      ...check.findings,
      ...lies,
      ...(unexplained === null ? [] : [{ subject: "a stream", difference: unexplained.message }]),
    ];
    const whole = findings.length === 0 ? check : failed("copy", check.compared, findings);
    const notes = [...tried.notes, ...liesToldOf(misnamed)];
    const told = { notes, excluded, damaged, misnamed, failure };
    return { ...filledUp([whole, ...tried.checks], failure), ...told };
  } catch (error) {
    stillWaiting(wait);
    const broken = failure ?? failureOf(error);
    const check = notRun("copy", "machine", broken.message);
    return {
      ...filledUp([check, ...tried.checks], broken),
      notes: tried.notes,
      excluded,
      damaged: [],
      misnamed: [],
      failure: broken,
    };
  }
}

/** What the rows of a copy can bring about by themselves: code that runs for ever, a row that nobody can hold, a server that falls. */
const ofBytes: ReadonlySet<FailureCode> = new Set(["wait/expired", "load/failed", "scratch/lost"]);

/** No other failure is worth the reading of a whole copy again: a machine that lacks a program does so every night. */
function mayBeOfBytes(failure: Failure | null): boolean {
  return failure !== null && ofBytes.has(failure.code);
}

/** The one sure sign of a stolen host that signs records is told whatever the verdict. */
function liesToldOf({ length }: readonly ObjectKey[]): readonly string[] {
  if (length === 0) return [];
  const number = `${String(length)} object${length === 1 ? "" : "s"}`;
  return [
    `not what they are named for: ${number}; a host that signs records lied, and no backup reuses them`,
  ];
}

/**
 * Without a record to bind it to there is no proof. A version that is unknown here and a time that may
 * be wrong only by this host's clock say nothing about the copy; everything else refutes it.
 */
export function unbelieved({ reason, detail, backup }: Exclude<StoredRecord, GoodRecord>): Trial {
  const told = `the record of ${backup} is not believed: ${detail}`;
  if (reason === "future") return untried(new Failure("source/clock", told));
  if (reason === "format") return untried(new Failure("format/unknown", told));
  const finding = { subject: `record of ${backup}`, difference: `is not believed: ${detail}` };
  return nothingTried([failed("copy", 1, [finding])]);
}

function untried(failure: Failure): Trial {
  return { ...nothingTried([notRun("copy", "machine", failure.message)]), failure };
}

/**
 * A finding of next year would outlive what heals the copy until then, and one about a folder that its volume has left
 * accuses the store, so nothing is said of it; what was seen stays listed.
 */
function unsaid(trial: Trial, failure: Failure): Trial {
  const { message } = failure;
  const checks = trial.checks.map((check): CheckResult => {
    if (check.name !== "copy" && check.outcome !== "failed") return check;
    return { ...notRun(check.name, "machine", message), findings: check.findings };
  });
  return { ...trial, checks, damaged: [], misnamed: [], failure: trial.failure ?? failure };
}

/** The copy could not even be opened: damage refutes it, a broken machine leaves everything open. */
function unopened(error: unknown, order: TrialOrder, wait: Waiting): Trial {
  stillWaiting(wait);
  const failure = failureOf(error);
  if (failure.code === "keys/role" || failure.code === "keys/identity") throw failure;
  if (isDamage(failure)) {
    return nothingTried([
      failed("copy", 1, [{ subject: `backup ${order.backup}`, difference: failure.message }]),
    ]);
  }
  return untried(failure);
}

function nothingTried(checks: readonly CheckResult[]): Trial {
  return { ...filledUp(checks, null), notes: [], excluded: [], damaged: [], misnamed: [], failure: null };
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
