/** A fresh copy of the stores for one damage, and a desk that works on nothing else. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import type { Tenant } from "../config/config.ts";
import type { Desk } from "../desk/desk.ts";
import type { StoreName } from "../model/ids.ts";
import type { AnyStore } from "../stores/around.ts";
import { directoryStore } from "../stores/directory.ts";

export interface Workbench extends AsyncDisposable {
  /** A folder of this damage alone; gone when it is disposed. */
  readonly folder: string;
  /** The folder of one of the copied stores. */
  store(name: StoreName): string;
  /** The desk over the copies. */
  desk(): Desk;
}

/** The folders of `stores` lie below `folder` by their names, as they are now. */
export async function setOut(folder: string, stores: readonly StoreName[], desk: Desk): Promise<Workbench> {
  const work = await mkdtemp(join(folder, "damage-"));
  const pathOf = (name: StoreName): string => join(work, name);
  for (const name of stores) {
    const from = pathOfStore(desk, name);
    // What is copied is altered in place afterwards, so that nothing may be shared with where it came from.
    await cp(from, pathOf(name), { recursive: true, preserveTimestamps: true });
  }
  return {
    folder: work,
    store: pathOf,
    // Stores without retries: a folder answers or it does not, and asking it again would only take time.
    desk: () => over(desk, new Map(stores.map((name) => [name, openedAt(name, pathOf(name), desk)]))),
    [Symbol.asyncDispose]: () => rm(work, { recursive: true, force: true }),
  };
}

export function pathOfStore({ config }: Desk, name: StoreName): string {
  const store = config.stores.get(name);
  if (store?.driver === "directory") return store.path;
  throw new Failure("internal/bug", "only directory stores are challenged");
}

function openedAt(name: StoreName, path: string, { machine }: Desk): AnyStore {
  return directoryStore({ name, path, chance: machine.chance });
}

/** The same desk, to which one of its stores shows itself otherwise than it is. */
export function seenThrough(desk: Desk, name: StoreName, lens: (store: AnyStore) => AnyStore): Desk {
  const seen = (store: AnyStore): AnyStore => (store.name === name ? lens(store) : store);
  const stores = new Map(Array.from(desk.stores, ([key, store]) => [key, seen(store)]));
  const storesOf = (tenant: Tenant): readonly AnyStore[] =>
    desk.storesOf(tenant).map((store) => stores.get(store.name) ?? store);
  return {
    ...desk,
    stores,
    storesOf,
    library: async (tenant) => ({ ...(await desk.library(tenant)), stores: storesOf(tenant) }),
  };
}

/** The same desk over other stores; it is closed by whoever opened it first. */
function over(desk: Desk, stores: ReadonlyMap<StoreName, AnyStore>): Desk {
  const storesOf = (tenant: Tenant): readonly AnyStore[] =>
    tenant.stores.flatMap((name) => stores.get(name) ?? []);
  return {
    ...desk,
    stores,
    storesOf,
    library: async (tenant) => ({
      stores: storesOf(tenant),
      trust: await desk.trust(),
      clock: desk.machine.clock,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
