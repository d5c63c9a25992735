/**
 * Which objects of earlier backups a new one may name instead of sealing the same plaintext again
 * (traps 22, 23): a trusted record's inventory names that exact key, a listing made for this backup
 * shows it with that size in every store still in play, nothing condemned it and neither proof nor scrub
 * found it damaged. What one store lacks is copied there from another *before* the source is read, so that a
 * copy that cannot be had is still sealed anew.
 */
import { type Budget, eachAtOnce } from "../base/limit.ts";
import type { Sha256 } from "../base/digest.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { type ChunkName, parseChunkKey } from "../model/layout.ts";
import type { Condemned } from "./condemned.ts";
import { type Damage, fetchWhole } from "./fetch.ts";
import { readInventory } from "./inventories.ts";
import { type LockTimes, lockedLongEnough } from "./locks.ts";
import { damagedKeys, misnamedKeys, type Statements } from "./known-damage.ts";
import { putWhole } from "./put.ts";
import type { Shelves } from "./shelves.ts";
import type { TenantListing } from "./tenant-listing.ts";

export interface Reusable {
  readonly key: ObjectKey;
  /** Sealed. */
  readonly bytes: number;
  readonly sha256: Sha256;
  readonly lockedUntil: string | undefined;
}

export interface ReuseQuestion {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly shelves: Shelves;
  /** Of good records, newest first. */
  readonly records: readonly BackupRecord[];
  readonly condemned: Condemned;
  readonly statements: Statements;
  readonly storeIds: ReadonlyMap<StoreName, string>;
  /** Made for this backup. */
  readonly listings: ReadonlyMap<StoreName, TenantListing>;
  readonly locks: LockTimes | null;
  readonly inFlight: Budget;
  readonly onDamage: (damage: Damage) => void;
}

interface Candidate extends Reusable {
  /** Named by the newest record, hence worth copying to a store that lacks it. */
  readonly newest: boolean;
  readonly heldBy: Set<StoreName>;
}

const copiesAtOnce = 8;

export async function findReusable(
  question: ReuseQuestion,
  wait: Waiting,
): Promise<ReadonlyMap<ChunkName, Reusable>> {
  // A list that cannot be read could name any object that lies there.
  if (question.condemned.unreadable.length > 0) return new Map();
  const candidates = await namedByRecords(question, wait);
  if (candidates.size === 0) return candidates;
  markHolders(question, candidates);
  await evenOut(question, candidates, wait);
  const live = question.shelves.live.map(({ store }) => store.name);
  return new Map([...candidates].filter(([, one]) => live.every((store) => one.heldBy.has(store))));
}

async function namedByRecords(question: ReuseQuestion, wait: Waiting): Promise<Map<ChunkName, Candidate>> {
  const { tenant, generation, shelves, records, condemned, locks, onDamage } = question;
  const found = new Map<ChunkName, Candidate>();
  const misnamed = misnamedKeys(question.statements);
  // The newest whose inventory can be had; what only older ones name has gone from the source.
  for (const [index, record] of records
    .filter(({ keyGeneration }) => keyGeneration === generation)
    .entries()) {
    const stores = shelves.live.map(({ store }) => store);
    try {
      for await (const line of readInventory(stores, record, onDamage, wait)) {
        const chunk = parseChunkKey(line.key);
        if (chunk === null || chunk.tenant !== tenant || chunk.generation !== generation) continue;
        if (chunk.digest !== line.sha256 || condemned.keys.has(line.key) || !lockedLongEnough(line, locks))
          continue;
        // What a stolen worker put under the name of the tenant's own rows would be in every later backup.
        if (misnamed.has(line.key)) continue;
        if (found.has(chunk.name)) continue;
        const { key, bytes, sha256, lockedUntil } = line;
        found.set(chunk.name, { key, bytes, sha256, lockedUntil, newest: index === 0, heldBy: new Set() });
      }
      break;
    } catch (error) {
      // An inventory that cannot be had only costs sealing anew; the copy that lacks it is told to `onDamage`.
      if (!isFailure(error) || wait.signal.aborted) throw error;
    }
  }
  return found;
}

function markHolders(
  { shelves, statements, storeIds, listings }: ReuseQuestion,
  candidates: ReadonlyMap<ChunkName, Candidate>,
): void {
  for (const { store } of shelves.live) {
    const damaged = damagedKeys(statements, store.name, storeIds.get(store.name) ?? null);
    const chunks = listings.get(store.name)?.chunks;
    for (const { key, bytes, heldBy } of candidates.values())
      if (chunks?.get(key) === bytes && !damaged.has(key)) heldBy.add(store.name);
  }
}

/** Copies what the newest record names to the stores that lack it; what cannot be copied stays lacking. */
async function evenOut(
  { shelves, inFlight, onDamage }: ReuseQuestion,
  candidates: ReadonlyMap<ChunkName, Candidate>,
  wait: Waiting,
): Promise<void> {
  const uneven = [...candidates.values()].filter(
    (one) =>
      one.newest && one.heldBy.size > 0 && shelves.live.some(({ store }) => !one.heldBy.has(store.name)),
  );
  await eachAtOnce(uneven, copiesAtOnce, async (one) => {
    const giveBack = await inFlight.take(one.bytes, wait);
    try {
      const holders = shelves.live
        .filter(({ store }) => one.heldBy.has(store.name))
        .map(({ store }) => store);
      const body = await fetchOrNull(holders, one, { note: onDamage }, wait);
      if (body === null) {
        one.heldBy.clear();
        return;
      }
      const lockedUntil = one.lockedUntil === undefined ? null : new Date(one.lockedUntil);
      await shelves.each(async (shelf) => {
        if (one.heldBy.has(shelf.store.name)) return;
        try {
          await putWhole(shelf, { ...one, body, lockedUntil }, wait);
          one.heldBy.add(shelf.store.name);
        } catch (error) {
          // Damaged bytes keep their key until somebody heals them; a new object is as good.
          if (!isFailure(error, "store/corrupt")) throw error;
        }
      }, wait);
    } finally {
      giveBack();
    }
  });
}

async function fetchOrNull(
  ...[stores, wanted, witness, wait]: Parameters<typeof fetchWhole>
): Promise<Buffer | null> {
  try {
    const { body } = await fetchWhole(stores, wanted, witness, wait);
    return body;
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    return null;
  }
}
