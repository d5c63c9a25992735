/**
 * Bringing one backup whole into one store, without the source and without any key that reads: its
 * objects, a listing after the last write, the condemned lists, and the record last (promise 1, trap 27).
 */
import { type Sha256, sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import type { ObjectKey } from "../model/ids.ts";
import {
  backupsPrefix,
  chunksPrefix,
  inventoryKey,
  keysPrefix,
  manifestKey,
  recordKey,
} from "../model/layout.ts";
import { graceMs } from "../repository/commit.ts";
import { isDamage } from "../repository/damage.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { fetchDocument } from "../repository/fetch-document.ts";
import { demandFixed } from "../repository/fixed-bytes.ts";
import { readInventory } from "../repository/inventories.ts";
import { lacking } from "../repository/listing.ts";
import type { GoodRecord } from "../repository/records.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import { giveKeys } from "./give-keys.ts";
import {
  deadAmong,
  demandReadable,
  type Ground,
  lookForDeath,
  type MendingShelf,
  sourcesFor,
} from "./ground.ts";
import { bringObject, type Lost, placeObject } from "./place-object.ts";

export interface CopyTask {
  readonly ground: Ground;
  readonly to: MendingShelf;
  readonly record: GoodRecord;
  /**
   * Objects, with their digests, that a trusted record of that store names and nobody found damaged: a
   * listing that shows them is believed. Whatever else lies there under a name of the inventory is
   * read first (trap 23).
   */
  readonly vouched: ReadonlyMap<ObjectKey, Sha256>;
}

export type CopyEnd =
  | {
      readonly kind: "copied";
      /** All that the backup names, the inventory included, and those of it that were not there. */
      readonly lines: readonly InventoryLine[];
      readonly brought: readonly InventoryLine[];
    }
  | { readonly kind: "lost"; readonly lost: Lost }
  | { readonly kind: "condemned"; readonly key: ObjectKey };

const roundsMax = 3;
const looksMax = 3;
const objectsAtOnce = 4;

/** Throws the failure of the store that the copy goes to, and "policy/refused" when the tenant was erased. */
export async function copyBackup(task: CopyTask, wait: Waiting): Promise<CopyEnd> {
  const { ground, to, record } = task;
  const key = recordKey(record.record.tenant, record.backup);
  const sources = sourcesFor(ground, to.store.name);
  const body = await fetchDocument(sources, { key, sha256: record.sha256 }, wait);
  if (body === null) return lostRecord(key);
  const lines = await linesOrLost(record.record, sources, wait);
  if ("mayReturn" in lines) return { kind: "lost", lost: lines };
  const keys = [key, ...lines.map((line) => line.key)];
  const dead = deadAmong(ground.condemned, keys);
  if (dead !== null) return { kind: "condemned", key: dead };
  for (let look = 1; look <= looksMax; look += 1) {
    const brought = await bringLacking(task, lines, wait);
    if ("lost" in brought) return { kind: "lost", lost: brought.lost };
    const readAt = ground.desk.clock.now();
    const condemned = await lookForDeath(ground, to.store.name, wait);
    demandReadable(condemned);
    const condemnedSince = deadAmong(condemned, keys);
    if (condemnedSince !== null) return { kind: "condemned", key: condemnedSince };
    if (ground.desk.clock.now().getTime() - readAt.getTime() > graceMs / 4) continue;
    const lockedUntil = lines.find((line) => line.key === manifestKey(record.record.tenant, record.backup));
    const document = {
      key,
      body,
      bytes: body.length,
      sha256: sha256(body),
      lockedUntil: lockedUntil?.lockedUntil,
    };
    await placeObject(to, document, ground.desk.clock.now(), wait);
    return { kind: "copied", lines, brought: brought.lines };
  }
  throw new Failure("backup/overtaken", "the stores answer too slowly for a last look to stay valid");
}

/** An inventory that cannot be had is a loss, not a failure of the store that the copy goes to. */
export async function linesOrLost(
  record: BackupRecord,
  sources: readonly ObjectReader[],
  wait: Waiting,
): Promise<readonly InventoryLine[] | Lost> {
  try {
    return await namedLines(record, sources, wait);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    const key = inventoryKey(record.tenant, record.backup);
    return { key, reason: error.message, mayReturn: !isDamage(error) };
  }
}

/** What a record's inventory names, the inventory itself included, sorted by key. Throws as `readInventory` does, and "format/invalid". */
async function namedLines(
  record: BackupRecord,
  sources: readonly ObjectReader[],
  wait: Waiting,
): Promise<readonly InventoryLine[]> {
  const lines: InventoryLine[] = [];
  let lock: string | undefined;
  for await (const line of readInventory(sources, record, () => undefined, wait)) {
    demandFixed(record, line);
    if (line.key === manifestKey(record.tenant, record.backup)) lock = line.lockedUntil;
    lines.push(line);
  }
  const inventory = { key: inventoryKey(record.tenant, record.backup), ...record.inventory };
  lines.push(lock === undefined ? inventory : { ...inventory, lockedUntil: lock });
  return lines.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

type Brought = { readonly lines: readonly InventoryLine[] } | { readonly lost: Lost };

/** Until a listing shows everything; the last thing done is that listing. */
async function bringLacking(
  task: CopyTask,
  lines: readonly InventoryLine[],
  wait: Waiting,
): Promise<Brought> {
  const { ground, to } = task;
  const brought: InventoryLine[] = [];
  for (let round = 1; ; round += 1) {
    const unlisted = await lacking(lines, listingOf(task, wait));
    const lacks = round === 1 ? [...unlisted, ...(await altered(task, lines, unlisted, wait))] : unlisted;
    if (lacks.length === 0) return { lines: brought };
    if (round === roundsMax) {
      const one = lacks[0]?.key ?? "an object";
      throw new Failure("store/absent", `${one} does not stay in ${to.store.name}`);
    }
    // An erasure meanwhile must not get its key objects put back.
    await lookForDeath(ground, to.store.name, wait);
    const lost = await bring(task, lines, lacks, wait);
    if (lost !== null) return { lost };
    brought.push(...lacks);
  }
}

async function bring(
  { ground, to, record: { record } }: CopyTask,
  lines: readonly InventoryLine[],
  lacks: readonly InventoryLine[],
  wait: Waiting,
): Promise<Lost | null> {
  const isKey = ({ key }: InventoryLine): boolean => key.startsWith(keysPrefix(record.tenant));
  let lost: Lost | null = null;
  if (lacks.some(isKey)) lost = await giveKeys(ground, to, record, lines.filter(isKey), wait);
  await eachAtOnce(
    lacks.filter((line) => !isKey(line)),
    objectsAtOnce,
    async (line) => {
      // One that is lost makes the copy impossible; the rest need not be carried.
      if (lost === null) lost = await bringObject(ground, to, line, wait);
    },
  );
  return lost;
}

/** Those that are listed with the right size, that nobody vouches for, and that have other bytes. */
async function altered(
  { to, vouched }: CopyTask,
  lines: readonly InventoryLine[],
  unlisted: readonly InventoryLine[],
  wait: Waiting,
): Promise<readonly InventoryLine[]> {
  const absent = new Set(unlisted);
  const doubtful = lines.filter((line) => !absent.has(line) && vouched.get(line.key) !== line.sha256);
  const found: InventoryLine[] = [];
  await eachAtOnce(doubtful, objectsAtOnce, async (line) => {
    if (!Buffer.isBuffer(await fetchCurrent(to.store, line, wait))) found.push(line);
  });
  return found;
}

/** Several prefixes, in byte order, as one sorted listing. */
async function* listingOf(
  { to: { store }, record: { record } }: CopyTask,
  wait: Waiting,
): AsyncGenerator<ObjectStat> {
  const { tenant, backup, keyGeneration } = record;
  yield* store.list(`${backupsPrefix(tenant)}${backup}/`, wait);
  yield* store.list(chunksPrefix(tenant, keyGeneration), wait);
  yield* store.list(keysPrefix(tenant), wait);
}

function lostRecord(key: ObjectKey): CopyEnd {
  return {
    kind: "lost",
    lost: { key, reason: "the store that showed the record shows it no more", mayReturn: true },
  };
}
