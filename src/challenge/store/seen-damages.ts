/** The folder is whole, and what the store shows of it is not: listings that hide, reads that end early or change. */
import { Failure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { ObjectKey } from "../../model/ids.ts";
import { manifestKey, parseChunkKey, recordKey } from "../../model/layout.ts";
import { around, type AnyStore } from "../../stores/around.ts";
import type { ObjectStat } from "../../stores/store.ts";
import { objectOfRows } from "./chosen-objects.ts";
import { bitFlipped } from "./folder.ts";
import { storeDamage, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

export const seenDamages: readonly StoreDamage[] = [
  listing(
    {
      name: "listing-hides-objects",
      title: "a listing hides every object",
      expected: "damaged",
      says: /\/chunks\/\S+ is missing$/,
    },
    (key) => parseChunkKey(key) === null,
  ),
  listing(
    {
      name: "listing-hides-one-object",
      title: "a listing hides one object",
      expected: "damaged",
      says: /\/chunks\/\S+ is missing$/,
    },
    (key, { contents }) => key !== objectOfRows(contents),
  ),
  listing(
    {
      name: "listing-hides-manifest",
      title: "a listing hides the manifest",
      expected: "damaged",
      says: /manifest\.age is missing$/,
    },
    (key, { tenant, newest }) => key !== manifestKey(tenant, newest),
  ),
  listing(
    {
      name: "listing-hides-newest-record",
      title: "a listing hides the newest record",
      expected: "missing",
      says: / shows no copy$/,
    },
    (key, { tenant, newest }) => key !== recordKey(tenant, newest),
  ),
  listing(
    {
      name: "listing-hides-everything",
      title: "a listing shows nothing at all",
      expected: "missing",
      says: / shows no copy$/,
    },
    () => false,
  ),
  listing(
    {
      name: "listing-ends-early",
      title: "a listing ends early, as if that were all",
      expected: "damaged",
      says: /\/chunks\/\S+ is missing$/,
    },
    (key, { contents }) => {
      const keys = [...contents.inventory.keys()].toSorted();
      return key < (keys[keys.length >> 1] ?? "");
    },
  ),
  seen(
    {
      name: "listing-of-other-sizes",
      title: "a listing shows other sizes than the inventory",
      expected: "damaged",
      says: /\/chunks\//,
    },
    () => (store) =>
      listed(store, (stat) => (parseChunkKey(stat.key) === null ? stat : { ...stat, bytes: stat.bytes + 1 })),
  ),
  reads("reads-end-early", "every read of an object ends early and cleanly", (body) =>
    body.subarray(0, -100),
  ),
  reads("reads-end-at-once", "every read of an object ends at once and cleanly", (body) =>
    body.subarray(0, 0),
  ),
  reads("reads-altered", "every read of an object has one bit flipped", (body) =>
    bitFlipped(body, body.length >> 1),
  ),
  reads("reads-go-on", "every read of an object goes on behind its end", (body) =>
    Buffer.concat([body, body]),
  ),
  reads("reads-absent", "every object is listed and read as absent", () => null),
  reads("reads-change", "an object that is read again has other bytes than before", (body, times) =>
    times === 1 ? body : bitFlipped(body, body.length >> 1),
  ),
];

type Head = Parameters<typeof storeDamage>[0];

function seen(head: Head, lens: (stores: StoresToDamage) => (store: AnyStore) => AnyStore): StoreDamage {
  return storeDamage(head, (stores) => Promise.resolve({ lens: lens(stores) }));
}

function listing(head: Head, shows: (key: ObjectKey, stores: StoresToDamage) => boolean): StoreDamage {
  return seen(head, (stores) => (store) => listed(store, (stat) => (shows(stat.key, stores) ? stat : null)));
}

function listed(store: AnyStore, show: (stat: ObjectStat) => ObjectStat | null): AnyStore {
  async function* list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    for await (const stat of store.list(prefix, wait, after)) {
      const shown = show(stat);
      if (shown !== null) yield shown;
    }
  }
  return { ...whole(store), list };
}

/** What a read gives for these bytes, null for nothing at all; `times`: how often this object was read, this time included. */
type Altering = (body: Buffer, times: number) => Buffer | null;

function reads(name: string, title: string, alter: Altering): StoreDamage {
  const head: Head = { name, title, expected: "refuted", says: /^object \S+\/chunks\/\S+: / };
  return seen(head, () => (store) => readAs(store, alter, (key) => parseChunkKey(key) !== null));
}

/** A store of which some objects read otherwise than they are. */
export function readAs(store: AnyStore, alter: Altering, isMeant: (key: ObjectKey) => boolean): AnyStore {
  const times = new Map<ObjectKey, number>();
  return {
    ...whole(store),
    read: async (key, options, wait) => {
      const body = await store.read(key, options, wait);
      if (!isMeant(key)) return body;
      const now = (times.get(key) ?? 0) + 1;
      times.set(key, now);
      const read = alter(body, now);
      if (read === null) throw new Failure("store/absent", `${store.name} does not show ${key}`);
      return read;
    },
  };
}

/** All calls as functions of their own, so that one of them can be put in another's place. */
function whole(store: AnyStore): AnyStore {
  return around(store, {
    run: (_, work) => work(),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
  });
}
