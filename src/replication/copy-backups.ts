/**
 * Bringing backups whole into one store, without the source and without any key that reads: their objects,
 * a listing after the last write, the condemned lists, and the records last (promises 1 and 2, trap 27).
 *
 * Several backups share that listing: it has to follow the last write of each of them and to come before
 * the lists and the record of each, and one listing that follows the writes of all does. A listing of
 * its own for each of n backups would list what they share n times.
 */
import { Failure, isFailure } from "../base/failure.ts";
import { sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { backupsPrefix, chunksPrefix, keysPrefix, manifestKey, recordKey } from "../model/layout.ts";
import { graceMs } from "../repository/commit.ts";
import { ListedSizes } from "../repository/listed-sizes.ts";
import type { GoodRecord } from "../repository/records.ts";
import { demandSamePlace } from "../repository/same-place.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Condemned } from "../repository/condemned.ts";
import { bring, type Carried, carry, type CopyRun, doesNotStay, mortal, type NotCarried } from "./carry.ts";
import { deadAmong, type Delivery, demandReadable, lookForDeath, type ReplicationDesk } from "./ground.ts";
import type { PackedLines } from "./packed-lines.ts";
import { placeObject } from "./place-object.ts";
import { Vouched } from "./vouched.ts";

export type CopyEnd =
  | {
      readonly kind: "copied";
      readonly record: GoodRecord;
      /** All that the backup names, the inventory included, and those of it that were not there. */
      readonly lines: PackedLines;
      readonly brought: PackedLines;
    }
  | NotCarried
  | { readonly kind: "failed"; readonly failure: Failure };

export interface CopyRunOrder extends Delivery, Pick<CopyRun, "isShown"> {
  /** The good records of the store. */
  readonly whole: readonly GoodRecord[];
}

const roundsMax = 3;
const looksMax = 3;

/** Lists the store, for the key generations that the backups name. */
export async function openRun(
  { ground, to, whole, isShown }: CopyRunOrder,
  generations: ReadonlySet<number>,
  wait: Waiting,
): Promise<CopyRun> {
  const listing = await list(to.store, ground.tenant, generations, wait);
  return { ground, to, isShown, listing, vouched: new Vouched({ ground, to }, whole) };
}

/** One backup by itself. Throws the failure of the store that the copy goes to, and "policy/refused" when the tenant was erased. */
export async function copyOne(order: CopyRunOrder, record: GoodRecord, wait: Waiting): Promise<CopyEnd> {
  const run = await openRun(order, new Set([record.record.keyGeneration]), wait);
  const carried = await carry(run, record, wait);
  if (carried.kind !== "carried") return carried;
  for await (const end of conclude(run, [carried], wait)) return end;
  throw new TypeError("a copy that was carried has no end");
}

/**
 * Writes the records of what was carried, in that order, once nothing more is to be written beside them and
 * the store lists everything. "policy/refused" when the tenant was erased; what ends the store as a
 * whole is thrown.
 */
export async function* conclude(
  run: CopyRun,
  batch: readonly Carried[],
  wait: Waiting,
): AsyncGenerator<CopyEnd> {
  if (batch.length === 0) return;
  const ends = await settle(run, batch, wait);
  let look: LastLook | null = null;
  let looks = 0;
  for (const carried of batch) {
    const end = ends.get(carried);
    if (end !== undefined) {
      yield end;
      continue;
    }
    while (look === null || look.ageMs() > graceMs / 4) {
      looks += 1;
      if (looks > looksMax + batch.length)
        throw new Failure("backup/overtaken", "the stores answer too slowly for a last look to stay valid");
      look = await takeLastLook(run, wait);
    }
    demandReadable(look.condemned);
    const dead = deadAmong(look.condemned, mortal(run, carried.record, carried.lines));
    yield dead === null ? await placeRecord(run, carried, wait) : { kind: "condemned", key: dead };
  }
}

/** What must still be so when a record is written. */
interface LastLook {
  /** Milliseconds since it began. */
  readonly ageMs: () => number;
  readonly condemned: Condemned;
}

/** "policy/refused" when the tenant was erased; throws as `demandSamePlace` does where the store is another place by now. */
async function takeLastLook(delivery: Delivery, wait: Waiting): Promise<LastLook> {
  const { ground, to } = delivery;
  const ageMs = stopwatch(ground.desk);
  await demandSamePlace(to.store, ground.storeIds.get(to.store.name) ?? null, wait);
  return { ageMs, condemned: await lookForDeath(delivery, wait) };
}

/** What has passed since, by the clock or however it was set meanwhile: a look must not stay young because of it. */
function stopwatch({ clock, monotonicMs }: ReplicationDesk): () => number {
  const [startedAt, startedMs] = [clock.now().getTime(), monotonicMs()];
  return () => Math.max(clock.now().getTime() - startedAt, monotonicMs() - startedMs);
}

/** Until a listing that follows the last write shows everything; the ends of those for which it cannot. */
async function settle(
  run: CopyRun,
  batch: readonly Carried[],
  wait: Waiting,
): Promise<ReadonlyMap<Carried, CopyEnd>> {
  const { to, ground } = run;
  const ends = new Map<Carried, CopyEnd>();
  const generations = new Set(batch.map(({ record }) => record.record.keyGeneration));
  for (let round = 1; ; round += 1) {
    run.listing = await list(to.store, ground.tenant, generations, wait);
    const isMissing = ({ key, bytes }: InventoryLine): boolean => run.listing.get(key) !== bytes;
    let wasLacking = false;
    for (const carried of batch) {
      const first = carried.lines.values().find(isMissing);
      if (first === undefined || ends.has(carried)) continue;
      if (round === roundsMax) {
        ends.set(carried, { kind: "failed", failure: doesNotStay(first.key, to) });
        continue;
      }
      wasLacking = true;
      const end = await bringAgain(run, carried, isMissing, wait);
      if (end !== null) ends.set(carried, end);
    }
    if (!wasLacking) return ends;
  }
}

/** Null where all that is missing was brought. */
async function bringAgain(
  run: CopyRun,
  carried: Carried,
  isMissing: (line: InventoryLine) => boolean,
  wait: Waiting,
): Promise<CopyEnd | null> {
  try {
    const lost = await bring(run, carried, isMissing, wait);
    return lost === null ? null : { kind: "lost", lost };
  } catch (error) {
    return failureOfOne(error);
  }
}

/** What is wrong with what lies in the place of one object keeps no other backup from the store. */
function failureOfOne(error: unknown): CopyEnd {
  if (!isFailure(error) || endsStore(error)) throw error;
  return { kind: "failed", failure: error };
}

/** Whether it is the store that fails, and not one backup in it. */
export function endsStore({ code }: Failure): boolean {
  return code !== "store/corrupt" && code !== "store/absent" && code !== "format/invalid";
}

async function placeRecord({ ground, to }: CopyRun, carried: Carried, wait: Waiting): Promise<CopyEnd> {
  const { record, body, lines } = carried;
  const { tenant } = record.record;
  const manifest = lines.values().find(({ key }) => key === manifestKey(tenant, record.backup));
  const object = {
    key: recordKey(tenant, record.backup),
    body,
    bytes: body.length,
    sha256: sha256(body),
    lockedUntil: manifest?.lockedUntil,
  };
  try {
    await placeObject(to, object, ground.desk.clock.now(), wait);
    return { ...carried, kind: "copied" };
  } catch (error) {
    return failureOfOne(error);
  }
}

async function list(
  store: ObjectReader,
  tenant: TenantId,
  generations: ReadonlySet<number>,
  wait: Waiting,
): Promise<ListedSizes> {
  const listing = new ListedSizes();
  const prefixes = [...generations].map((generation) => chunksPrefix(tenant, generation));
  for (const prefix of [backupsPrefix(tenant), ...prefixes, keysPrefix(tenant)])
    for await (const { key, bytes } of store.list(prefix, wait)) listing.set(key, bytes);
  return listing;
}
