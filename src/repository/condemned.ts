/**
 * Condemned lists: keys that a prune named, and that are dead for ever (traps 26, 27).
 * A list that cannot be read could name anything, so it makes every object that lay there before
 * suspect: nothing is reused, while what a backup seals itself, under keys new with it, is not touched.
 */
import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type CondemnedList, condemnedList } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { condemnedPrefix, isCondemnedRecordsKey, keysPrefix } from "../model/layout.ts";
import { compactUtc } from "../base/clock.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { readSigned, type SignedForm } from "./signed.ts";

export interface Condemned {
  readonly keys: ReadonlySet<ObjectKey>;
  /** Lists that could not be read or trusted, and why. */
  readonly unreadable: readonly {
    readonly store: StoreName;
    readonly key: ObjectKey;
    readonly reason: string;
  }[];
}

/** One list as it lies in one store. */
export interface StoredList {
  readonly key: ObjectKey;
  readonly list: CondemnedList;
  /** By the store's clock. */
  readonly storedAt: Date;
}

export interface StoredLists {
  readonly lists: readonly StoredList[];
  readonly unreadable: Condemned["unreadable"];
}

const readsAtOnce = 8;

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
  return { keys: new Set(lists.flatMap(({ list }) => list.keys)), unreadable };
}

/**
 * Of lists that were read when a draft began those that its last look need not read again, each by `listMark`: what
 * they name was not reused, and what the draft makes after them has keys that nobody could know. Key objects alone are
 * named by every backup whatever a list says, so that one which condemns any of them is read each time.
 */
export function settledLists(tenant: TenantId, { lists }: StoredLists): ReadonlySet<string> {
  const named = keysPrefix(tenant);
  const settled = lists.filter(({ list }) => !list.keys.some((key) => key.startsWith(named)));
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
): Promise<readonly CondemnedList[]> {
  const { lists } = await readCondemnedLists(tenant, store, library, wait, isCondemnedRecordsKey);
  return lists.map(({ list }) => list);
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
  await eachAtOnce(found, readsAtOnce, async ({ key, modifiedAt }) => {
    try {
      const reading = await readSigned(store, key, condemnedForm(tenant, key, trust), wait);
      if (reading.kind === "good") lists.push({ key, list: reading.document, storedAt: modifiedAt });
      else unreadable.push({ store: store.name, key, reason: reading.detail });
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return { lists, unreadable };
}

/** A key condemned in any store is dead in all of them. */
export function joinCondemned(each: Iterable<Condemned>): Condemned {
  const all = [...each];
  return {
    keys: new Set(all.flatMap((one) => [...one.keys])),
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
