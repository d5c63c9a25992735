/** What the stores did, request by request. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { FailureCode } from "../base/failure.ts";
import type { StoreName } from "../model/ids.ts";

/** One request that ended; the shape that stores tell. */
export interface StoreRequest {
  readonly store: StoreName;
  readonly operation: string;
  readonly ms: number;
  readonly bytes: number;
  readonly outcome: "done" | FailureCode;
}

/** From a directory on a fast disk to the time-out of a slow bucket. */
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60];

export interface StoreMetrics {
  readonly onRequest: (request: StoreRequest) => void;
  /**
   * These and no others have series from now on; what still runs with an older configuration may go on asking others.
   * Before the first call every store has.
   */
  readonly keepOnly: (inUse: readonly StoreName[]) => void;
}

/** Registers the families. */
export function storeMetrics(registry: Registry): StoreMetrics {
  const registers = [registry];
  const storeUp = new Gauge({
    name: "holdfast_store_up",
    help: "Whether the store did what it was asked when it was last asked.",
    labelNames: ["store"],
    registers,
  });
  const duration = new Histogram({
    name: "holdfast_store_request_duration_seconds",
    help: "How long single requests took, retries apart.",
    labelNames: ["store", "operation"],
    buckets: requestBuckets,
    registers,
  });
  const bytes = new Counter({
    name: "holdfast_store_request_bytes_total",
    help: "Bytes of bodies that were written to or read from the store.",
    labelNames: ["store", "operation"],
    registers,
  });
  const failures = new Counter({
    name: "holdfast_store_request_failures_total",
    help: "Requests that the store did not serve.",
    labelNames: ["store", "code"],
    registers,
  });
  let kept: ReadonlySet<StoreName> | null = null;
  return {
    onRequest: ({ store, operation, ms, bytes: moved, outcome }) => {
      if (kept?.has(store) === false) return;
      duration.observe({ store, operation }, ms / 1000);
      bytes.inc({ store, operation }, moved);
      const standing = standingOf(outcome, operation);
      if (standing !== "no-matter") storeUp.set({ store }, standing === "up" ? 1 : 0);
      if (outcome !== "done" && standing !== "up") failures.inc({ store, code: outcome });
    },
    keepOnly: (inUse) => {
      for (const store of kept ?? []) if (!inUse.includes(store)) storeUp.remove({ store });
      kept = new Set(inUse);
      // A count that appears with the first refusal has no increase that an alert could see.
      for (const store of inUse) for (const code of alertedCodes) failures.inc({ store, code }, 0);
    },
  };
}

/** Those that HoldfastStoreRefuses looks at. */
const alertedCodes = ["store/full", "store/refused", "store/clock"] as const;

const up: ReadonlySet<string> = new Set<StoreRequest["outcome"]>(["done", "store/absent", "store/exists"]);
const down: ReadonlySet<string> = new Set<StoreRequest["outcome"]>([
  "store/unreachable",
  "store/refused",
  "store/full",
  "store/clock",
  "store/protocol",
  "config/invalid",
  "wait/expired",
]);

/**
 * A refusal of a removal is what a lock is for, and who may only read cannot ask a folder for its time; a
 * wait that we ended says nothing of the store.
 */
function standingOf(outcome: StoreRequest["outcome"], operation: string): "up" | "down" | "no-matter" {
  if (up.has(outcome)) return "up";
  const mayBeRefused = operation === "remove" || operation === "clock";
  return down.has(outcome) && !(outcome === "store/refused" && mayBeRefused) ? "down" : "no-matter";
}
