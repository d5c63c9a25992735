/** The first half of a copy: everything that a backup names, brought to the store that lacks it. */
import { Failure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey } from "../model/ids.ts";
import { keysPrefix, recordKey } from "../model/layout.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { fetchDocument } from "../repository/fetch-document.ts";
import type { ListedSizes } from "../repository/listed-sizes.ts";
import type { GoodRecord } from "../repository/records.ts";
import { giveKeys } from "./give-keys.ts";
import { deadAmong, type Delivery, lookForDeath, type MendingShelf, sourcesFor } from "./ground.ts";
import { linesOrLost } from "./named-lines.ts";
import { PackedLines } from "./packed-lines.ts";
import { bringObject, type Lost } from "./place-object.ts";
import type { Vouched } from "./vouched.ts";

export interface CopyRun extends Delivery {
  readonly vouched: Vouched;
  /** A record that is not believed lies there already: then it is the backup that is there, and no list against it counts. */
  readonly isShown: boolean;
  /** What the store listed, and what was brought since. */
  listing: ListedSizes;
}

export interface Carried {
  readonly kind: "carried";
  readonly record: GoodRecord;
  /** Of the record. */
  readonly body: Buffer;
  /** All that the backup names, the inventory included. */
  readonly lines: PackedLines;
  /** Those of `lines` that were not there. */
  readonly brought: PackedLines;
}

export type NotCarried =
  | { readonly kind: "lost"; readonly lost: Lost }
  | { readonly kind: "condemned"; readonly key: ObjectKey };

const objectsAtOnce = 4;

/** By the listing as it is known; the one that counts is made later. Throws the failure of the store that the copy goes to. */
export async function carry(run: CopyRun, record: GoodRecord, wait: Waiting): Promise<Carried | NotCarried> {
  const { ground, vouched, listing } = run;
  const key = recordKey(record.record.tenant, record.backup);
  if (!run.isShown && ground.condemned.keys.has(key)) return { kind: "condemned", key };
  const sources = sourcesFor(run);
  const body = await fetchDocument(sources, { key, sha256: record.sha256 }, wait);
  if (body === null) return lostRecord(key);
  const lines = await linesOrLost(record.record, sources, wait);
  if ("mayReturn" in lines) return { kind: "lost", lost: lines };
  const dead = deadAmong(ground.condemned, mortal(run, record, lines));
  if (dead !== null) return { kind: "condemned", key: dead };
  await vouched.askNeighboursOf(record, wait);
  const bad = new Set((await altered(run, lines, wait)).map(({ key }) => key));
  const isLacking = ({ key, bytes }: InventoryLine): boolean => listing.get(key) !== bytes || bad.has(key);
  const carried: Carried = { kind: "carried", record, body, lines, brought: new PackedLines() };
  const lost = await bring(run, carried, isLacking, wait);
  if (lost !== null) return { kind: "lost", lost };
  // Each was vouched for, read, or written by us.
  vouched.add(record, lines);
  return carried;
}

/** What must not be condemned for the copy to be made. */
export function* mortal(
  { isShown }: CopyRun,
  { backup, record }: GoodRecord,
  lines: PackedLines,
): Generator<ObjectKey> {
  if (!isShown) yield recordKey(record.tenant, backup);
  for (const { key } of lines) yield key;
}

export async function bring(
  run: CopyRun,
  { record: { record }, lines, brought }: Carried,
  isLacking: (line: InventoryLine) => boolean,
  wait: Waiting,
): Promise<Lost | null> {
  const { listing } = run;
  const isKey = ({ key }: InventoryLine): boolean => key.startsWith(keysPrefix(record.tenant));
  const keys = lines.values().filter(isKey).toArray();
  let lost: Lost | null = null;
  if (keys.some(isLacking)) {
    // An erasure meanwhile must not get its key objects put back.
    await lookForDeath(run, wait);
    lost = await giveKeys(run, record, keys, wait);
  }
  await eachAtOnce(
    lines.values().filter((line) => !isKey(line) && isLacking(line)),
    objectsAtOnce,
    async (line) => {
      // One that is lost makes the copy impossible; the rest need not be carried.
      if (lost === null) lost = await bringObject(run, line, wait);
    },
  );
  if (lost !== null) return lost;
  for (const line of lines.values().filter(isLacking)) {
    brought.add(line);
    listing.set(line.key, line.bytes);
  }
  return null;
}

/** Those that are listed with the right size, that nobody vouches for, and that have other bytes. */
async function altered(
  { to, vouched, listing }: CopyRun,
  lines: PackedLines,
  wait: Waiting,
): Promise<readonly InventoryLine[]> {
  const found: InventoryLine[] = [];
  const doubtful = lines
    .values()
    .filter((line) => listing.get(line.key) === line.bytes && !vouched.vouchesFor(line));
  await eachAtOnce(doubtful, objectsAtOnce, async (line) => {
    if (!Buffer.isBuffer(await fetchCurrent(to.store, line, wait))) found.push(line);
  });
  return found;
}

export function doesNotStay(key: ObjectKey, { store }: MendingShelf): Failure {
  return new Failure("store/absent", `${key} does not stay in ${store.name}`);
}

function lostRecord(key: ObjectKey): NotCarried {
  return {
    kind: "lost",
    lost: { key, reason: "the store that showed the record shows it no more", mayReturn: true },
  };
}
