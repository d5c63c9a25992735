/** The folder is whole, and what the store shows of it is not: listings that hide, reads that end early or change. */
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
    "listing-hides-objects",
    "a listing hides every object",
    "damaged",
    (key) => parseChunkKey(key) === null,
    /\/chunks\/\S+ is missing$/,
  ),
  listing(
    "listing-hides-one-object",
    "a listing hides one object",
    "damaged",
    (key, { contents }) => key !== objectOfRows(contents),
    /\/chunks\/\S+ is missing$/,
  ),
  listing(
    "listing-hides-manifest",
    "a listing hides the manifest",
    "damaged",
    (key, { tenant, newest }) => key !== manifestKey(tenant, newest),
    /manifest\.age is missing$/,
  ),
  listing(
    "listing-hides-newest-record",
    "a listing hides the newest record",
    "missing",
    (key, { tenant, newest }) => key !== recordKey(tenant, newest),
    / shows no copy$/,
  ),
  listing(
    "listing-hides-everything",
    "a listing shows nothing at all",
    "missing",
    () => false,
    / shows no copy$/,
  ),
  listing(
    "listing-ends-early",
    "a listing ends early, as if that were all",
    "damaged",
    (key, { contents }) => {
      const keys = [...contents.inventory.keys()].toSorted();
      return key < (keys[keys.length >> 1] ?? "");
    },
    /\/chunks\/\S+ is missing$/,
  ),
  seen(
    "listing-of-other-sizes",
    "a listing shows other sizes than the inventory",
    "damaged",
    /\/chunks\//,
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
  reads("reads-change", "an object that is read again has other bytes than before", (body, times) =>
    times === 1 ? body : bitFlipped(body, body.length >> 1),
  ),
];

type Expected = StoreDamage["expected"];

function seen(
  name: string,
  title: string,
  expected: Expected,
  says: RegExp,
  lens: (stores: StoresToDamage) => (store: AnyStore) => AnyStore,
): StoreDamage {
  return storeDamage({ name, title, expected, says }, (stores) => Promise.resolve({ lens: lens(stores) }));
}

function listing(
  name: string,
  title: string,
  expected: Expected,
  shows: (key: ObjectKey, stores: StoresToDamage) => boolean,
  says: RegExp,
): StoreDamage {
  return seen(
    name,
    title,
    expected,
    says,
    (stores) => (store) => listed(store, (stat) => (shows(stat.key, stores) ? stat : null)),
  );
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

/** `times`: how often this object was read, this time included. */
function reads(name: string, title: string, alter: (body: Buffer, times: number) => Buffer): StoreDamage {
  return seen(name, title, "refuted", /^object \S+\/chunks\/\S+: /, () => (store) => {
    const times = new Map<ObjectKey, number>();
    return {
      ...whole(store),
      read: async (key, options, wait) => {
        const body = await store.read(key, options, wait);
        if (parseChunkKey(key) === null) return body;
        const now = (times.get(key) ?? 0) + 1;
        times.set(key, now);
        return alter(body, now);
      },
    };
  });
}

/** All calls as functions of their own, so that one of them can be put in another's place. */
function whole(store: AnyStore): AnyStore {
  return around(store, {
    run: (_, work) => work(),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
  });
}
