/** What a verb's report leaves in history: how it ended, and facts without names of tables or values. */
import type { BackupReport } from "../backup/report.ts";
import type { RunEntry } from "../catalog/catalog.ts";
import type { HealReport } from "../replication/heal-report.ts";
import type { ReplicateReport } from "../replication/replicate.ts";
import type { PruneReport } from "../retention/report.ts";
import type { ScrubReport } from "../scrub/report.ts";
import type { VerifyReport } from "../verify/report.ts";

export type RunEnd = Pick<RunEntry, "result" | "code" | "facts">;

/** Of a backup that did not fail. */
export function backupEnd(report: BackupReport): RunEnd {
  const { backup, state, plainBytes, uploadedBytes, reusedBytes, rows, seconds } = report;
  return {
    result: state === "complete" ? "done" : state,
    code: report.error?.code ?? null,
    facts: { backup, plainBytes, uploadedBytes, reusedBytes, rows, seconds },
  };
}

export function verifyEnd({
  backup,
  store,
  verdict,
  seconds,
  misnamed,
  proofIn,
  error,
}: VerifyReport): RunEnd {
  const facts = { backup, store, verdict, seconds, misnamed, proofIn: proofIn.length };
  switch (verdict) {
    case "proven":
      return { result: "done", code: null, facts };
    case "refuted":
      return { result: "found", code: null, facts };
    case "inconclusive":
      return { result: "failed", code: error?.code ?? null, facts };
  }
}

export function replicateEnd({ copies, documents, down }: ReplicateReport): RunEnd {
  const of = (result: ReplicateReport["copies"][number]["result"]): number =>
    copies.filter((copy) => copy.result === result).length;
  const facts = {
    copied: of("copied"),
    damaged: of("damaged"),
    lost: of("lost"),
    condemned: of("condemned"),
    failed: of("failed"),
    documents,
    down: down.map(({ store }) => store).join(", ") || null,
    bytes: copies.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const lacking = facts.damaged + facts.failed + down.length > 0;
  return { result: facts.lost > 0 ? "found" : lacking ? "degraded" : "done", code: null, facts };
}

/** What no heal can mend is found all the same. */
export function scrubEnd(report: ScrubReport): RunEnd {
  const { store, whole, damaged, missing, untrusted, unopenable, bytes, seconds } = report;
  const isFound = damaged + missing + unopenable.length > 0;
  const facts = { store, whole, damaged, missing, untrusted, unopenable: unopenable.length, bytes, seconds };
  return { result: isFound ? "found" : "done", code: null, facts };
}

export function healEnd({ store, healed, bytes, whole, unhealed, down }: HealReport): RunEnd {
  const facts = { store, healed, bytes, whole, unhealed: unhealed.length, down: down.length };
  return { result: unhealed.length > 0 ? "found" : "done", code: null, facts };
}

export function pruneEnd({ state, stops, removed, condemned, freed, locked }: PruneReport): RunEnd {
  return {
    result: stops.length > 0 ? "found" : "done",
    code: null,
    facts: {
      state,
      removed: removed.length,
      condemned: condemned.objects,
      freed: freed.objects,
      freedBytes: freed.bytes,
      locked: locked.objects,
    },
  };
}
