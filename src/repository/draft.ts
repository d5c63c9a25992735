/**
 * A backup in the making (design, section 5). What may be reused is settled before the source is
 * read; streams are cut, sealed and placed as they come; `commit` writes manifest and inventory,
 * looks at every store once more, and writes the record last. A draft that is dropped leaves objects
 * that no record names, and nothing that counts.
 */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { parseRecordKey } from "../model/layout.ts";
import type { StreamEntry } from "../model/manifest.ts";
import type { PlainStream } from "../postgres/source/snapshot.ts";
import type { ChunkKeys } from "../sealing/sealing.ts";
import { ChunkPlacer } from "./chunk-placer.ts";
import { checkSourceClock } from "./clocks.ts";
import { commit } from "./commit.ts";
import type { Committed, DraftEnd, DraftOrder, DraftState, KeysFound, Workshop } from "./draft-state.ts";
import type { Damage } from "./fetch.ts";
import { readLastRecords } from "./last-records.ts";
import { lockTimes } from "./locks.ts";
import { type Holdings, openShelves } from "./open-shelves.ts";
import { highestNamed } from "./records.ts";
import { findReusable } from "./reuse.ts";
import { Shelves } from "./shelves.ts";
import { asListed } from "./tenant-listing.ts";

export interface Draft {
  /** "source/clock" as soon as the recovery point is known to lie in the future. */
  checkTime(time: Pick<DraftEnd, "at" | "askedAt" | "openedAt">): void;
  /** Several streams may be added at once. Throws what the stream threw, or "store/quorum". */
  addStream(stream: PlainStream, wait: Waiting): Promise<StreamEntry>;
  /** Once, after every stream was added. "source/clock", "store/quorum", "backup/overtaken" (start anew). */
  commit(end: DraftEnd, wait: Waiting): Promise<Committed>;
}

/**
 * Asks every store what it holds. A store that is down, wrong about the time, or shows a tombstone
 * nobody we trust has signed is left out; "policy/refused" when the tenant was erased.
 */
export async function begin(order: DraftOrder, workshop: Workshop, wait: Waiting): Promise<Draft> {
  const { tenant } = order;
  const [startedAt, startedMs] = [workshop.clock.now(), workshop.monotonicMs()];
  const shelves = new Shelves(order.shelves, order.quorum, (store, failure) => {
    workshop.onStoreFailed(tenant, store, failure);
  });
  const holdings = await openShelves({ tenant, shelves, recordsOf: readLastRecords }, workshop, wait);
  for (const one of holdings.condemned.unreadable) workshop.onReuseOff(tenant, one);
  const { keys, lines: keyLines } = await keysInPlace(order, { shelves, ...holdings }, workshop, wait);
  const locks = lockTimes(order.shelves, startedAt);
  const { generation } = keys;
  const onDamage = (damage: Damage): void => {
    workshop.onDamage(tenant, damage);
  };
  const { inFlight } = workshop;
  const reusable = await findReusable(
    { tenant, generation, shelves, ...holdings, locks, inFlight, onDamage },
    wait,
  );
  const lockedUntil = locks?.chunksUntil ?? null;
  const placer = new ChunkPlacer({ tenant, generation, shelves, reusable, lockedUntil, inFlight });
  const before = recordsBefore(holdings);
  return draftOf({ order, workshop, shelves, keys, keyLines, before, placer, locks, startedAt, startedMs });
}

/** Without the listings, which hold every chunk and are not needed any more. */
function recordsBefore({ seen, listings, settled, storeIds }: Holdings): DraftState["before"] {
  return new Map(
    Array.from(listings, ([store, { others }]) => {
      const listed = others.flatMap(({ key }) => parseRecordKey(key)?.backup ?? []);
      const storeId = storeIds.get(store) ?? null;
      const before = { storeId, read: seen.get(store) ?? [], listed: new Set(listed) };
      return [store, { ...before, settled: settled.get(store) ?? new Set() }];
    }),
  );
}

/**
 * A store that cannot be given the tenant's keys, or holds others under their names, is out: a copy there
 * would list whole and open for nobody (promise 1).
 */
async function keysInPlace(
  { tenant, keys }: DraftOrder,
  { shelves, seen, listings }: Pick<Holdings, "seen" | "listings"> & { readonly shelves: Shelves },
  { onKeysRefused }: Workshop,
  wait: Waiting,
): Promise<KeysFound> {
  const all = shelves.all.map(({ store }) => {
    const listing = listings.get(store.name);
    return { store: listing === undefined ? store : asListed(store, listing.others) };
  });
  const { failures, quorum } = shelves;
  const least = highestNamed([...seen.values()].flat());
  const found = await keys({ all, failures, quorum }, least, wait);
  for (const refusal of found.refusals) onKeysRefused(tenant, refusal);
  for (const { store, failure } of found.places) if (failure !== null) shelves.fail(store, failure);
  return found;
}

function draftOf(state: DraftState): Draft {
  const streams: StreamEntry[] = [];
  const chunkKeys = chunkKeysOf(state);
  return {
    checkTime: (time) => {
      // Whether the source is a standby, whose recovery point may lie far back, is known at the end.
      checkSourceClock({ ...time, standby: true });
    },
    addStream: async (stream, wait) => {
      const lane = state.placer.lane(wait);
      const { known } = state.placer;
      const { sealer } = state.workshop;
      try {
        const { bytes: plain, measured } = stream;
        const toSeal = { plain, keys: chunkKeys, known, place: lane.place, measured };
        const summary = await sealer.sealStream(toSeal, wait);
        const entry = {
          id: stream.id,
          content: stream.content,
          ...summary,
          chunks: [...(await lane.finish())],
        };
        streams.push(entry);
        return entry;
      } catch (error) {
        await lane.finish().catch(() => undefined);
        throw error;
      }
    },
    commit: async (end, wait) => {
      checkSourceClock({ ...end, standby: end.fingerprint.server.standby });
      return commit(state, { ...end, streams }, wait);
    },
  };
}

function chunkKeysOf({ keys, order }: DraftState): ChunkKeys {
  if (keys.idKey === null) {
    const hint = "a worker's recipient must stand in keys.workers when the tenant's keys are made";
    throw new Failure("keys/role", `this host may not name chunks of ${order.tenant}`, { hint });
  }
  return { idKey: keys.idKey, recipient: keys.recipient, zstdLevel: order.zstdLevel };
}
