/**
 * What a process has once, whatever configurations come and go in it: worker threads, and the budgets and rates
 * whose limits are meant for the whole process. A daemon that has reloaded works with several configurations
 * until its longest job has ended, and must not take so many times the memory and the bandwidth.
 */
import { ByteRate } from "../base/byte-rate.ts";
import type { Clock } from "../base/clock.ts";
import { Budget } from "../base/limit.ts";
import type { Limits } from "../config/config.ts";
import { rateInForce } from "../model/bandwidth.ts";
import type { StoreName } from "../model/ids.ts";
import { type Sealing, type SealingLimits, startSealing } from "../sealing/start-sealing.ts";

export interface Means extends AsyncDisposable {
  /** From now on these limits hold, for what runs already as well. */
  limit(limits: Limits): void;
  /** Started by the first who asks. */
  sealing(): Sealing;
  /** Sealed bytes on their way to stores. */
  readonly inFlight: Budget;
  /** What scrubs may read of a store. */
  scrubRate(store: StoreName): ByteRate;
  /** What may go to and from a store. */
  storeRate(store: StoreName): ByteRate;
  /** Requests at once to a store. */
  storePlaces(store: StoreName): Budget;
}

/** Disposing ends the threads, and whatever still seals fails with "wait/cancelled". */
export function openMeans(first: Limits, clock: Clock): Means {
  let limits = first;
  let sealing: ReturnType<typeof startSealing> | undefined;
  const inFlight = new Budget(placingBytes(first));
  const scrubRate = perStore(() => new ByteRate(() => limits.scrubBytesPerSecond));
  const storeRate = perStore(
    (store) =>
      new ByteRate(() => {
        const rules = limits.bandwidth.filter(({ stores }) => stores === null || stores.includes(store));
        return rateInForce(rules, clock.now());
      }),
  );
  const places = new Map<StoreName, Budget>();
  return {
    limit: (given) => {
      limits = given;
      sealing?.limit(sealingLimits(given));
      inFlight.resize(placingBytes(given));
      for (const budget of places.values()) budget.resize(given.storeRequests);
    },
    sealing: () => (sealing ??= startSealing(sealingLimits(limits))),
    inFlight,
    scrubRate,
    storeRate,
    storePlaces: (store) => {
      const known = places.get(store) ?? new Budget(limits.storeRequests);
      places.set(store, known);
      return known;
    },
    [Symbol.asyncDispose]: async () => {
      await sealing?.[Symbol.asyncDispose]();
    },
  };
}

/** One limit for all bytes in flight: a quarter is on its way to the stores, the rest is being sealed. */
function placingBytes({ inFlightBytes }: Limits): number {
  return Math.floor(inFlightBytes / 4);
}

function sealingLimits(limits: Limits): SealingLimits {
  return {
    workers: limits.sealWorkers,
    inFlightBytesMax: limits.inFlightBytes - placingBytes(limits),
  };
}

function perStore(make: (store: StoreName) => ByteRate): (store: StoreName) => ByteRate {
  const made = new Map<StoreName, ByteRate>();
  return (store) => {
    const rate = made.get(store) ?? make(store);
    made.set(store, rate);
    return rate;
  };
}
