import type { ByteRate } from "../base/byte-rate.ts";
import type { Budget } from "../base/limit.ts";
import type { RetryPolicy } from "../base/retry.ts";
import { directoryStore } from "./directory.ts";
import type { AnyStore } from "./around.ts";
import { limited } from "./limited.ts";
import { metered } from "./metered.ts";
import { observed, type StoreEvent } from "./observed.ts";
import { retrying, storeRetryPolicy } from "./retrying.ts";
import type { S3Settings } from "./s3.ts";
import type { StoreName } from "../model/ids.ts";

/** Plain values: secrets are resolved, paths are absolute. */
export type StoreSettings =
  | { readonly kind: "directory"; readonly name: StoreName; readonly path: string }
  | ({ readonly kind: "s3" } & Omit<S3Settings, "limits">);

export interface OpenOptions {
  /** Told of every single request, retries apart. */
  readonly onRequest?: (event: StoreEvent) => void;
  /** Requests at once; default: as many as such a store bears, for this one alone. */
  readonly places?: Budget;
  /** Bytes to and from the store; default: no limit. */
  readonly rate?: ByteRate;
  /** One attempt is right for who wants to see every failure, as the examination does. */
  readonly retry?: RetryPolicy;
  /** In 0..1; spreads retries. */
  readonly spread?: () => number;
}

const concurrency = { directory: 8, s3: 16 } as const;

/**
 * The store that the settings describe. Nothing is asked of it yet. Retries stand outside the limits,
 * so that a call that waits to try again holds nobody up; so does the rate, as a body that waits for its
 * turn must not hold up a listing. Observation stands inside them all, so that figures tell what the
 * store did and not how patient we were.
 */
export async function openStore(settings: StoreSettings, options: OpenOptions = {}): Promise<AnyStore> {
  const driver = await openDriver(settings);
  const { onRequest } = options;
  const seen = onRequest === undefined ? driver : observed(driver, onRequest);
  const orderly = limited(seen, options.places ?? concurrency[settings.kind]);
  const paced = options.rate === undefined ? orderly : metered(orderly, options.rate);
  return retrying(paced, options.retry ?? storeRetryPolicy, options.spread);
}

/** The driver alone, for who wants to see every failure. The S3 client takes a third of a second to load, so only who has such a store waits for it. */
export async function openDriver(settings: StoreSettings): Promise<AnyStore> {
  switch (settings.kind) {
    case "directory":
      return directoryStore(settings);
    case "s3": {
      const { s3Store } = await import("./s3.ts");
      return s3Store(settings);
    }
  }
}
