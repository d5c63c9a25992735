import { isFailure } from "../base/failure.ts";
import type { Config, StoreConfig } from "../config/config.ts";
import type { StoreName } from "../model/ids.ts";
import type { AnyStore } from "../stores/around.ts";
import { observed, type StoreEvent } from "../stores/observed.ts";
import { type OpenOptions, openDriver, openStore, type StoreSettings } from "../stores/open.ts";
import { closedStore } from "./closed-store.ts";
import type { Machine } from "./machine.ts";
import type { Means } from "./means.ts";

/** Every store of the configuration, in its order. `onRequest` is told of every single request to any of them. */
export async function openStores(
  { stores }: Config,
  means: Pick<Means, "storePlaces" | "storeRate">,
  { storeRetry }: Pick<Machine, "storeRetry">,
  onRequest?: (event: StoreEvent) => void,
): Promise<ReadonlyMap<StoreName, AnyStore>> {
  const opened = new Map<StoreName, AnyStore>();
  for (const store of stores.values()) {
    const { name } = store;
    const limits = {
      places: means.storePlaces(name),
      rate: means.storeRate(name),
      ...(storeRetry === undefined ? {} : { retry: storeRetry }),
    };
    opened.set(name, await openOne(store, onRequest === undefined ? limits : { ...limits, onRequest }));
  }
  return opened;
}

/**
 * One store without retries and limits, for probes that ask what the store itself settles. One whose
 * secrets cannot be read fails at every call.
 */
export async function openBareStore(store: StoreConfig): Promise<AnyStore> {
  try {
    return await openDriver(await settingsOf(store));
  } catch (error) {
    if (isFailure(error, "config/invalid")) return closedStore(store.name, error);
    throw error;
  }
}

async function openOne(store: StoreConfig, options: OpenOptions): Promise<AnyStore> {
  try {
    return await openStore(await settingsOf(store), options);
  } catch (error) {
    // A restore needs one surviving store, so a secret of another one may be lost.
    if (!isFailure(error, "config/invalid")) throw error;
    const closed = closedStore(store.name, error);
    return options.onRequest === undefined ? closed : observed(closed, options.onRequest);
  }
}

async function settingsOf(store: StoreConfig): Promise<StoreSettings> {
  switch (store.driver) {
    case "directory":
      return { kind: "directory", name: store.name, path: store.path };
    case "s3":
      return {
        kind: "s3",
        name: store.name,
        bucket: store.bucket,
        region: store.region,
        endpoint: store.endpoint ?? undefined,
        pathStyle: store.pathStyle,
        accessKeyId: await store.accessKeyId.reveal(),
        secretAccessKey: await store.secretAccessKey.reveal(),
        prefix: store.prefix ?? undefined,
        checksums: store.checksums,
        lock: store.lock ?? undefined,
      };
  }
}
