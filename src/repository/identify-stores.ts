/** Which stores a backup really has before it: their ids, from their own `holdfast.json`. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName } from "../model/ids.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Shelves } from "./shelves.ts";

/**
 * The id of every store that is left. One without `holdfast.json` is out: a volume that is not mounted
 * leaves an empty folder behind, and copies there would count twice on one disk. Of two stores
 * with one id the later is out: they are one place under two names.
 */
export async function identifyStores(
  shelves: Shelves,
  wait: Waiting,
): Promise<ReadonlyMap<StoreName, string>> {
  const ids = new Map<StoreName, string>();
  await shelves.each(async ({ store }) => {
    ids.set(store.name, await idOf(store, wait));
  }, wait);
  for (const { name, other } of samePlaces(
    ids,
    shelves.live.map(({ store }) => store.name),
  )) {
    ids.delete(name);
    shelves.fail(name, samePlace(name, other));
  }
  return ids;
}

/** Names that stand for the place of an earlier one, in the order given. */
export function samePlaces(
  ids: ReadonlyMap<StoreName, string>,
  order: Iterable<StoreName>,
): readonly { readonly name: StoreName; readonly other: StoreName }[] {
  const first = new Map<string, StoreName>();
  const doubled: { name: StoreName; other: StoreName }[] = [];
  for (const name of order) {
    const id = ids.get(name);
    if (id === undefined) continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, name);
    else doubled.push({ name, other });
  }
  return doubled;
}

/** "store/unsuitable" for one that bears the id of another. */
export function samePlace(name: StoreName, other: StoreName): Failure {
  return new Failure("store/unsuitable", `${name} is the same place as ${other}: both have one store id`, {
    hint: "one place counts as one copy; was the one made by copying the other, holdfast.json included?",
  });
}

async function idOf(store: ObjectReader, wait: Waiting): Promise<string> {
  const descriptor = await readDescriptor(store, wait);
  if (descriptor !== null) return descriptor.storeId;
  throw new Failure("store/unsuitable", `${store.name} holds no holdfast.json, so nothing is written to it`, {
    hint: `is its volume mounted? \`holdfast stores check ${store.name}\` marks a new store`,
  });
}
