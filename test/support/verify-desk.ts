/** Verification without a PostgreSQL: what is restored and compared is told. */
import type { Clock } from "../../src/base/clock.ts";
import { checkNames, passed } from "../../src/model/check.ts";
import type { BackupId } from "../../src/model/ids.ts";
import type { startSealing } from "../../src/sealing/start-sealing.ts";
import type { ObjectReader } from "../../src/stores/store.ts";
import { holdTrial, type PlacedTrial, type TrialOrder, type TryOut } from "../../src/verify/trial.ts";
import type { VerifyDesk } from "../../src/verify/verify-copy.ts";
import { type House, never } from "./repository-fixture.ts";

export interface VerifyingHost {
  readonly house: House;
  readonly sealing: ReturnType<typeof startSealing>;
  /** The house's own, unless told. */
  readonly clock?: Clock;
}

export function verifyDesk(
  { house, sealing, clock = house.clock }: VerifyingHost,
  stores: readonly ObjectReader[],
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

/** Of the copy in one store, which `tryOut` restores and compares. */
export async function tried(
  host: VerifyingHost,
  { backup, store }: { readonly backup: BackupId; readonly store: ObjectReader },
  tryOut: TryOut,
): Promise<PlacedTrial> {
  return holdTrial(verifyDesk(host, [store]), { tenant: host.house.tenant, backup, store, tryOut }, never);
}

/** Whatever was restored, it is equal. */
export const allEqual: TrialOrder["tryOut"] = async () => ({
  checks: checkNames.filter((name) => name !== "copy").map((name) => passed(name, 1, "equal")),
  notes: [],
});
