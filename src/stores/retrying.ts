import { Failure, isFailure } from "../base/failure.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import { type AnyStore, around } from "./around.ts";
import type { CreateOptions, ObjectStat } from "./store.ts";

export const storeRetryPolicy: RetryPolicy = { attemptsMax: 5, firstDelayMs: 200, delayMaxMs: 10_000 };

/**
 * A store that names keys for ever would otherwise keep a verb for ever, and fill its memory. No listing of ours goes
 * beyond one tenant, which has that many objects when some 64 TiB that differ are kept of it in one store.
 */
const listedMaxDefault = 2 ** 26;

/** A store that is asked again; `again` throws what the last try threw. */
interface AskedAgain {
  readonly store: AnyStore;
  readonly again: <T>(work: () => Promise<T>, wait: Waiting) => Promise<T>;
  readonly listedMax: number;
}

/**
 * Tries again what may well succeed next time. `spread` in 0..1 keeps many hosts from coming back at once.
 */
export function retrying(
  store: AnyStore,
  policy: RetryPolicy,
  spread?: () => number,
  listedMax: number = listedMaxDefault,
): AnyStore {
  const asked: AskedAgain = {
    store,
    again: async (work, wait) => retry(work, policy, wait, spread),
    listedMax,
  };
  return {
    ...around(store, {
      run: async (_call, work, wait) => asked.again(work, wait),
      list: (prefix, wait, after) => list(asked, prefix, wait, after),
    }),
    create: (key, body, options, wait) => create(asked, { key, body, options }, wait),
  };
}

/** Goes on behind the last key that the store gave. */
async function* list(
  { store, again, listedMax }: AskedAgain,
  prefix: string,
  wait: Waiting,
  after?: ObjectKey,
): AsyncGenerator<ObjectStat> {
  let last = after;
  let listing: AsyncIterator<ObjectStat> | null = null;
  let listed = 0;
  try {
    for (;;) {
      const next: IteratorResult<ObjectStat, unknown> = await again(async () => {
        listing ??= store.list(prefix, wait, last)[Symbol.asyncIterator]();
        try {
          return await listing.next();
        } catch (error) {
          listing = null;
          throw error;
        }
      }, wait);
      if (next.done === true) return;
      listed += 1;
      if (listed > listedMax) throw endless(store, prefix, listedMax);
      last = next.value.key;
      yield next.value;
    }
  } finally {
    await closed(listing);
  }
}

interface Creation {
  readonly key: ObjectKey;
  readonly body: Uint8Array;
  readonly options: CreateOptions;
}

/**
 * When an attempt got no answer, the object may be there. The next attempt then finds the key taken, by ourselves or by
 * somebody else, and reading it back tells which: the same bytes are success, others are "store/exists". The same is asked
 * once more after the last try.
 */
async function create(asked: AskedAgain, { key, body, options }: Creation, wait: Waiting): Promise<void> {
  const { store, again } = asked;
  let inDoubt = false;
  try {
    await again(async () => {
      try {
        await store.create(key, body, options, wait);
      } catch (error) {
        inDoubt ||= isFailure(error) && error.retryable;
        throw error;
      }
    }, wait);
  } catch (error) {
    const unsettled = inDoubt && isFailure(error) && (error.retryable || error.code === "store/exists");
    if (!unsettled || wait.signal.aborted) throw error;
    const there = await readBack(asked, key, body.length, wait);
    if (there === "absent") throw error;
    if (there === "larger" || !there.equals(body)) {
      throw new Failure("store/exists", `${key} is taken in ${store.name}`, { cause: error });
    }
  }
}

async function readBack(
  { store, again }: AskedAgain,
  key: ObjectKey,
  bytes: number,
  wait: Waiting,
): Promise<Buffer | "absent" | "larger"> {
  try {
    return await again(async () => store.read(key, { bytesMax: bytes }, wait), wait);
  } catch (error) {
    if (isFailure(error, "store/absent")) return "absent";
    if (isFailure(error, "store/corrupt")) return "larger";
    throw error;
  }
}

function endless({ name }: AnyStore, prefix: string, listedMax: number): Failure {
  return new Failure(
    "store/protocol",
    `${name} lists more than ${String(listedMax)} keys under ${prefix}, which no tenant has`,
  );
}

async function closed(listing: AsyncIterator<ObjectStat> | null): Promise<void> {
  await listing?.return?.();
}
