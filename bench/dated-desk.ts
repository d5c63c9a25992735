/** The desk of a command, on a day that is not today: host, source and stores go by one clock that is set. */
import { Failure } from "../src/base/failure.ts";
import type { SourcedOrder } from "../src/backup/backup-all.ts";
import type { Waiting } from "../src/base/waiting.ts";
import type { Config, Tenant } from "../src/config/config.ts";
import { backupOrder } from "../src/desk/backup-orders.ts";
import type { Desk } from "../src/desk/desk.ts";
import type { Machine } from "../src/desk/machine.ts";
import { openDesk } from "../src/desk/open-desk.ts";
import type { StoreName } from "../src/model/ids.ts";
import type { Snapshot } from "../src/postgres/source/snapshot.ts";
import type { AnyStore } from "../src/stores/around.ts";
import type { DatedClock } from "./dated-clock.ts";
import { datedStore, type OnRequest } from "./dated-store.ts";

export interface DatedMachine extends Machine {
  readonly clock: DatedClock;
}

/** All stores must be directories. */
export async function openDatedDesk(
  config: Config,
  machine: DatedMachine,
  onRequest: (store: StoreName) => OnRequest,
  wait: Waiting,
): Promise<Desk> {
  const desk = await openDesk(config, machine, wait);
  const stores = new Map<StoreName, AnyStore>();
  for (const [name, store] of desk.stores) {
    const { [name]: path } = pathsOf(config);
    if (path === undefined) throw new Failure("internal/bug", `${name} is no directory`);
    stores.set(name, datedStore(store, path, machine.clock, onRequest(name)));
  }
  const storesOf = (tenant: Tenant): readonly AnyStore[] =>
    desk.storesOf(tenant).flatMap(({ name }) => stores.get(name) ?? []);
  return {
    ...desk,
    stores,
    storesOf,
    library: async (tenant) => ({ ...(await desk.library(tenant)), stores: storesOf(tenant) }),
  };
}

/** As `backupOrder` makes it, from a source whose clock is the machine's. */
export async function datedBackupOrder(desk: Desk, tenant: Tenant, clock: DatedClock): Promise<SourcedOrder> {
  const order = await backupOrder(desk, tenant);
  return {
    ...order,
    openSnapshot: async (wait, ready) => dated(await order.openSnapshot(wait, ready), clock),
  };
}

/** The same snapshot, but for the time that the source tells. */
function dated(snapshot: Snapshot, clock: DatedClock): Snapshot {
  const at = clock.fromReal(snapshot.at);
  return {
    at,
    estimatedBytes: snapshot.estimatedBytes,
    streams: (wait) => snapshot.streams(wait),
    fingerprint: async (wait) => ({ ...(await snapshot.fingerprint(wait)), at: at.toISOString() }),
    [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
  };
}

function pathsOf({ stores }: Config): Readonly<Record<StoreName, string>> {
  return Object.fromEntries(
    [...stores.values()].flatMap((store) => (store.driver === "directory" ? [[store.name, store.path]] : [])),
  );
}
