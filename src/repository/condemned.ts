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
import { condemnedPrefix } from "../model/layout.ts";
import { compactUtc } from "../base/clock.ts";
import type { ObjectReader } from "../stores/store.ts";
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

const readsAtOnce = 8;

/** The condemned keys that one store lists. Throws what kept us from asking. */
export async function readCondemned(
  tenant: TenantId,
  store: ObjectReader,
  { trust }: Pick<Library, "trust">,
  wait: Waiting,
): Promise<Condemned> {
  const keys = new Set<ObjectKey>();
  const unreadable: { store: StoreName; key: ObjectKey; reason: string }[] = [];
  const lists: ObjectKey[] = [];
  for await (const { key } of store.list(condemnedPrefix(tenant), wait)) lists.push(key);
  await eachAtOnce(lists, readsAtOnce, async (key) => {
    try {
      const reading = await readSigned(store, key, condemnedForm(tenant, key, trust), wait);
      if (reading.kind === "good") for (const one of reading.document.keys) keys.add(one);
      else unreadable.push({ store: store.name, key, reason: reading.detail });
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return { keys, unreadable };
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
