/**
 * All that one store holds of a tenant, from one listing: a look at a store is one request instead of one for
 * each kind of object, which is what counts where a store is far away and a tenant is small.
 */
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import { parseChunkKey, tenantPrefix } from "../model/layout.ts";
import type { ObjectReader, ObjectStat, Store } from "../stores/store.ts";
import { ListedSizes } from "./listed-sizes.ts";

export interface TenantListing {
  /** Of chunks, of which there may be millions. */
  readonly chunks: ListedSizes;
  /** Everything else, sorted by key. */
  readonly others: readonly ObjectStat[];
}

export async function listTenant(
  tenant: TenantId,
  store: ObjectReader,
  wait: Waiting,
): Promise<TenantListing> {
  const others: ObjectStat[] = [];
  const chunks = new ListedSizes();
  for await (const { key, bytes } of noting(store.list(tenantPrefix(tenant), wait), others))
    if (parseChunkKey(key) !== null) chunks.set(key, bytes);
  return { chunks, others };
}

/** The listing as it comes; what is no chunk is kept in `others` as well. */
export async function* noting(
  listing: AsyncIterable<ObjectStat>,
  others: ObjectStat[],
): AsyncGenerator<ObjectStat> {
  for await (const stat of listing) {
    if (parseChunkKey(stat.key) === null) others.push(stat);
    yield stat;
  }
}

/**
 * The store with that look in place of further ones: `list` and `stat` know of nothing that came or went since,
 * nor of chunks; all else asks the store. Only for what belongs to the same look.
 */
export function asListed(store: Store, others: readonly ObjectStat[]): Store {
  return {
    name: store.name,
    stat: async (key) => others.find((stat) => stat.key === key) ?? null,
    read: async (key, options, wait) => store.read(key, options, wait),
    list: (prefix, _wait, after) => listed(others, prefix, after),
    versions: async (key, wait) => store.versions(key, wait),
    clock: async (wait) => store.clock(wait),
    create: async (key, body, options, wait) => store.create(key, body, options, wait),
  };
}

async function* listed(
  others: readonly ObjectStat[],
  prefix: string,
  after: ObjectKey | undefined,
): AsyncGenerator<ObjectStat> {
  yield* others.filter(({ key }) => key.startsWith(prefix) && (after === undefined || key > after));
}
