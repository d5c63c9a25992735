/**
 * Condemned lists: keys that a prune named, and that are dead for ever (traps 26, 27).
 * A list that cannot be read could name anything, so it makes every object that lay there before
 * suspect: nothing is reused, while what a backup seals itself, under keys new with it, is not touched.
 */
import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import { digestBytes, digestsOf, KeyIndex } from "../base/key-index.ts";
import type { Waiting } from "../base/waiting.ts";
import { type CondemnedList, condemnedList } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { condemnedPrefix, isCondemnedRecordsKey, keysPrefix, parseRecordKey } from "../model/layout.ts";
import { compactUtc } from "../base/clock.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { readSigned, type SignedForm } from "./signed.ts";

export interface Condemned {
  readonly keys: CondemnedDigests;
  /** Lists that could not be read or trusted, and why. */
  readonly unreadable: readonly {
    readonly store: StoreName;
    readonly key: ObjectKey;
    readonly reason: string;
  }[];
}

/** One list as it lies in one store. A prune may condemn a quarter of a million keys, so that they are kept as digests. */
export interface StoredList {
  readonly key: ObjectKey;
  /** When its prune says that it condemned them. */
  readonly at: string;
  /** Of every key that it names, one behind the other. */
  readonly digests: Buffer;
  /** Those of records, and whatever else a list of records names. */
  readonly records: readonly ObjectKey[];
  /** Whether it names any of the tenant's key objects. */
  readonly namesKeys: boolean;
  /** By the store's clock. */
  readonly storedAt: Date;
}

/** The keys that lists name, without their texts. */
export class CondemnedDigests {
  readonly lists: readonly StoredList[];
  #index: KeyIndex | null = null;

  constructor(lists: readonly StoredList[]) {
    this.lists = lists;
  }

  has(key: ObjectKey): boolean {
    this.#index ??= indexOf(this.lists);
    return this.#index.slotOfName(key) !== null;
  }
}

function indexOf(lists: readonly StoredList[]): KeyIndex {
  const bytes = lists.reduce((sum, { digests }) => sum + digests.length, 0);
  const index = new KeyIndex(bytes / digestBytes);
  for (const { digests } of lists)
    for (let from = 0; from < digests.length; from += digestBytes) index.add(digests, from);
  return index;
}

export interface StoredLists {
  readonly lists: readonly StoredList[];
  readonly unreadable: Condemned["unreadable"];
}

const readsAtOnce = 8;
/** Longer lists are read one after the other, as reading one takes many times its length. */
const longBytes = 1024 * 1024;

/** The condemned keys that one store lists. Throws what kept us from asking. */
export async function readCondemned(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust">,
  wait: Waiting,
): Promise<Condemned> {
  return condemnedBy(await readCondemnedLists(tenant, store, library, wait));
}

export function condemnedBy({ lists, unreadable }: StoredLists): Condemned {
  return { keys: new CondemnedDigests(lists), unreadable };
}

/**
 * Of lists that were read when a draft began those that its last look need not read again, each by `listMark`: what
 * they name was not reused, and what the draft makes after them has keys that nobody could know. Key objects alone are
 * named by every backup whatever a list says, so that one which condemns any of them is read each time.
 */
export function settledLists({ lists }: StoredLists): ReadonlySet<string> {
  const settled = lists.filter(({ namesKeys }) => !namesKeys);
  return new Set(settled.map(({ key, storedAt }) => listMark(key, storedAt)));
}

/** The list as it lies in one store: another one under its key has come at another time. */
export function listMark(key: ObjectKey, storedAt: Date): string {
  return `${String(storedAt.getTime())} ${key}`;
}

/** Which records retention condemned and when, as one store has it; lists that cannot be read explain nothing. */
export async function readRemovedRecords(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust">,
  wait: Waiting,
): Promise<readonly StoredList[]> {
  return (await readCondemnedLists(tenant, store, library, wait, isCondemnedRecordsKey)).lists;
}

/** The lists themselves, those under a key that `wanted` takes. */
export async function readCondemnedLists(
  tenant: TenantId,
  store: ObjectReader,
  { trust }: Pick<Library, "trust">,
  wait: Waiting,
  wanted: (key: ObjectKey) => boolean = () => true,
): Promise<StoredLists> {
  const lists: StoredList[] = [];
  const unreadable: Condemned["unreadable"][number][] = [];
  const found: ObjectStat[] = [];
  for await (const stat of store.list(condemnedPrefix(tenant), wait)) if (wanted(stat.key)) found.push(stat);
  const read = async ({ key, modifiedAt }: ObjectStat): Promise<void> => {
    try {
      const reading = await readSigned(store, key, condemnedForm(tenant, key, trust), wait);
      if (reading.kind === "good") lists.push(compact(tenant, key, reading.document, modifiedAt));
      else unreadable.push({ store: store.name, key, reason: reading.detail });
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  };
  const isLong = ({ bytes }: ObjectStat): boolean => bytes > longBytes;
  await eachAtOnce(
    found.filter((one) => !isLong(one)),
    readsAtOnce,
    read,
  );
  for (const one of found.filter(isLong)) await read(one);
  return { lists, unreadable };
}

function compact(tenant: TenantId, key: ObjectKey, { at, keys }: CondemnedList, storedAt: Date): StoredList {
  const named = keysPrefix(tenant);
  const isTold = isCondemnedRecordsKey(key) ? () => true : (one: ObjectKey) => parseRecordKey(one) !== null;
  return {
    key,
    at,
    digests: digestsOf(keys),
    records: keys.filter(isTold),
    namesKeys: keys.some((one) => one.startsWith(named)),
    storedAt,
  };
}

/** A key condemned in any store is dead in all of them. */
export function joinCondemned(each: Iterable<Condemned>): Condemned {
  const all = [...each];
  return {
    keys: new CondemnedDigests(all.flatMap(({ keys }) => keys.lists)),
    unreadable: all.flatMap((one) => one.unreadable),
  };
}

function condemnedForm(tenant: TenantId, key: ObjectKey, trust: Library["trust"]): SignedForm<CondemnedList> {
  return {
    purpose: "removal",
    schema: condemnedList,
    trust,
    misplaced: (list) => {
      if (list.tenant !== tenant) return `it is a list of tenant ${list.tenant}`;
      const path = `${condemnedPrefix(tenant)}${compactUtc(new Date(list.at))}`;
      return key.startsWith(path) ? null : `its time, ${list.at}, is not that of its path`;
    },
  };
}
