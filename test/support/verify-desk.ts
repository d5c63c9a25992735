/** Verification without a PostgreSQL: what is restored and compared is told. */
import type { Clock } from "../../src/base/clock.ts";
import { checkNames, passed } from "../../src/model/check.ts";
import type { startSealing } from "../../src/sealing/start-sealing.ts";
import type { TrialOrder } from "../../src/verify/trial.ts";
import type { VerifyDesk } from "../../src/verify/verify-copy.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { House } from "./repository-fixture.ts";

export interface VerifyingHost {
  readonly house: House;
  readonly sealing: ReturnType<typeof startSealing>;
  /** The house's own, unless told. */
  readonly clock?: Clock;
}

export function verifyDesk(
  { house, sealing, clock = house.clock }: VerifyingHost,
  stores: readonly MemoryStore[],
): VerifyDesk {
  return {
    library: { ...house.library(stores), clock },
    clock,
    monotonicMs: () => 0,
    opener: sealing,
    sealer: sealing,
    signer: house.signer,
    identity: house.identity,
    hostName: "test-host",
    version: "0",
  };
}

/** Whatever was restored, it is equal. */
export const allEqual: TrialOrder["tryOut"] = async () => ({
  checks: checkNames.filter((name) => name !== "copy").map((name) => passed(name, 1, "equal")),
  notes: [],
});
