/**
 * Promise 4: a copy is proven by restoring it, from its store alone, into real PostgreSQL and comparing
 * everything with what was measured in the source's own snapshot. What the copy lacks is a finding;
 * what breaks on this machine leaves the verdict inconclusive (promise 5).
 */
import type { Clock } from "../base/clock.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import { demandTrusted } from "../keys/demand-trusted.ts";
import type { Signer } from "../keys/signing.ts";
import { judge } from "../model/check.ts";
import { rightTime } from "../repository/clocks.ts";
import { keysToRead } from "../repository/key-access.ts";
import { newerThanSaid } from "../repository/newer-than-said.ts";
import { type GoodRecord, isGood, readRecord } from "../repository/records.ts";
import { writeProof } from "../repository/write-proof.ts";
import type { Sealer } from "../sealing/sealing.ts";
import type { Store } from "../stores/store.ts";
import type { VerifyReport } from "./report.ts";
import {
  holdTrial,
  type PlacedTrial,
  type Trial,
  type TrialDesk,
  type TrialOrder,
  unbelieved,
} from "./trial.ts";

export interface VerifyOrder extends TrialOrder {
  /** Where the proof goes: all the tenant's stores. */
  readonly proofStores: readonly Store[];
}

export interface VerifyDesk extends TrialDesk {
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly sealer: Sealer;
  readonly signer: Signer;
  readonly hostName: string;
  readonly version: string;
}

/**
 * Throws "backup/unknown" when the store has no such record, "keys/role" when this host may not read or nobody
 * would believe its proof, and "wait/cancelled". Everything else is in the report; a proof is written unless the
 * record itself is not to be believed.
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
  if (!isGood(record)) return reportOf(order, startedMs, desk, { ...unbelieved(record), ...nowhere });
  await demandBelief(desk, desk.clock.now());
  const trial = await holdTrial(desk, order, wait);
  try {
    const written = await sign(desk, order, { of: record, trial, startedMs }, wait);
    return reportOf(order, startedMs, desk, { ...trial, ...written });
  } catch (error) {
    stillWaiting(wait);
    if (!isFailure(error)) throw error;
    // What was found is told all the same; the caller sees that no store holds the proof.
    const notes = [...trial.notes, `the proof could not be written: ${error.message}`];
    return reportOf(order, startedMs, desk, { ...trial, notes, proofIn: [], unwritten: [error.message] });
  }
}

type Written = Pick<VerifyReport, "proofIn" | "unwritten">;

/** No proof was to be written. */
const nowhere: Written = { proofIn: [], unwritten: [] };

async function demandBelief({ signer, library: { trust } }: VerifyDesk, at: Date): Promise<void> {
  await demandTrusted({ signer, trust }, "proof", at);
}

interface HeldTrial {
  readonly of: GoodRecord;
  readonly trial: PlacedTrial;
  readonly startedMs: number;
}

async function sign(
  desk: VerifyDesk,
  order: VerifyOrder,
  { of: { record, sha256 }, trial, startedMs }: HeldTrial,
  wait: Waiting,
): Promise<Written> {
  // Again, since the trial may have outlasted the time for which the key is trusted.
  const now = await rightTime([order.store], () => desk.clock.now(), wait, order.proofStores);
  const at = await newerThanSaid(order, order.proofStores, now, wait);
  await demandBelief(desk, at);
  const keys = keysToRead(order.tenant, desk.library.trust, desk.identity);
  const named = { generation: record.keyGeneration, statement: null };
  // The copy on trial may have lost its keys; the detail is sealed with those of any store that has them.
  const { recipient } = await keys(named, order.proofStores, wait);
  const { stores, down } = await writeProof(
    {
      proof: {
        format: { name: "holdfast-proof", version: 1 },
        tenant: order.tenant,
        backup: order.backup,
        store: order.store.name,
        storeId: trial.storeId ?? "",
        record: sha256,
        verdict: judge(trial.checks),
        at: at.toISOString(),
        seconds: secondsSince(desk, startedMs),
        host: desk.hostName,
        version: desk.version,
        checks: trial.checks.map(({ name, outcome, compared, findings }) => {
          const sqlState = findings.find((one) => one.sqlState !== undefined)?.sqlState;
          return { name, outcome, compared, ...(sqlState === undefined ? {} : { sqlState }) };
        }),
        excluded: trial.excluded.length,
        damaged: [...trial.damaged],
        ...(trial.misnamed.length === 0 ? {} : { misnamed: [...trial.misnamed] }),
      },
      detail: { checks: trial.checks, notes: trial.notes, excluded: trial.excluded },
      recipient,
      stores: order.proofStores,
    },
    desk,
    wait,
  );
  return { proofIn: stores, unwritten: down.map(({ store, failure }) => `${store}: ${failure.message}`) };
}

function secondsSince(desk: VerifyDesk, startedMs: number): number {
  return (desk.monotonicMs() - startedMs) / 1000;
}

function reportOf(
  { tenant, backup, store }: VerifyOrder,
  startedMs: number,
  desk: VerifyDesk,
  trial: Trial & Written,
): VerifyReport {
  const { checks, notes, excluded, misnamed, proofIn, unwritten, failure } = trial;
  return {
    tenant,
    backup,
    store: store.name,
    verdict: judge(checks),
    seconds: secondsSince(desk, startedMs),
    checks,
    excluded,
    misnamed: misnamed.length,
    proofIn,
    unwritten,
    notes,
    ...(failure === null
      ? {}
      : { error: { code: failure.code, message: failure.message, hint: failure.hint ?? null } }),
  };
}
