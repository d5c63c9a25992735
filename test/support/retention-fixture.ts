/** Backups, proofs and prunes of one tenant over stores in memory, with a clock that is moved by hand. */
import type { ManualClock } from "../../src/base/clock.ts";
import type { Verdict } from "../../src/model/glossary.ts";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { readRecord } from "../../src/repository/records.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import type { PruneDesk, PruneOrder } from "../../src/retention/order.ts";
import { prune } from "../../src/retention/prune.ts";
import type { PruneReport } from "../../src/retention/report.ts";
import { readDescriptor } from "../../src/stores/describe.ts";
import type { Store, WholeStore } from "../../src/stores/store.ts";
import { pruneOrder } from "./prune-order.ts";
import { type House, never, type Streams } from "./repository-fixture.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export async function pruneNow(
  house: House,
  stores: readonly WholeStore[],
  changes: Partial<PruneOrder> & Partial<PruneDesk> & { readonly isDry?: boolean } = {},
): Promise<PruneReport> {
  const {
    isDry = false,
    trust = house.trust,
    signer = house.signer,
    clock = house.clock,
    ...order
  } = changes;
  return prune(pruneOrder(house, stores, order), { trust, signer, clock }, { isDry }, never);
}

/** A backup of each day that passes, proven in every store; returns their ids, oldest first. */
export async function daysOfBackups(
  house: House,
  stores: readonly WholeStore[],
  days: readonly Streams[],
): Promise<BackupId[]> {
  const made: BackupId[] = [];
  for (const streams of days) {
    const { backup } = await house.backUp(stores, streams);
    for (const store of stores) await prove(house, stores, store, backup);
    made.push(backup);
    house.clock.advance(dayMs);
  }
  return made;
}

/** Signs a proof about one copy, without trying it. */
export async function prove(
  house: House,
  proofStores: readonly Store[],
  store: Store,
  backup: BackupId,
  verdict: Verdict = "proven",
  damaged: ObjectKey[] = [],
): Promise<void> {
  const descriptor = await readDescriptor(store, never);
  const record = await readRecord({ tenant: house.tenant, backup }, store, house, never);
  const content = {
    format: { name: "holdfast-proof" as const, version: 1 as const },
    tenant: house.tenant,
    backup,
    store: store.name,
    storeId: descriptor?.storeId ?? "",
    record: record?.sha256 ?? "",
    verdict,
    at: house.clock.now().toISOString(),
    seconds: 1,
    host: "test-host",
    version: "0",
    checks: [],
    excluded: 0,
    damaged,
  };
  const recipient = (await house.open([store], backup)).keys.recipient;
  await writeProof(
    { proof: content, detail: {}, recipient, stores: proofStores },
    { signer: house.signer, sealer: house.workshop.sealer },
    never,
  );
}

/** Time passes; the stores go by the same clock. */
export function pass(clock: ManualClock, ms: number): void {
  clock.advance(ms);
}
