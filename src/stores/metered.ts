import type { ByteRate } from "../base/byte-rate.ts";
import type { Waiting } from "../base/waiting.ts";
import { type AnyStore, around } from "./around.ts";
import type { ObjectReader, ReadOptions } from "./store.ts";

/** Who reads an object names about its length as the most he takes; who names more does not know it. */
const knownBytesMax = 9 * 1024 * 1024;

/**
 * Bodies go to and from the store at this rate; a transfer under way is never cut short, the next one
 * waits. Calls without bodies do not wait. Of reads whose length nobody knows beforehand the next
 * transfer pays.
 */
export function metered(store: AnyStore, rate: ByteRate): AnyStore {
  const run: Parameters<typeof around>[1]["run"] = async (call, work, wait) => {
    if (call.bytes === 0) return work();
    return paced(rate, call.bytes, async () => ({ result: await work(), bytes: call.bytes }), wait);
  };
  const list: AnyStore["list"] = (prefix, wait, after) => store.list(prefix, wait, after);
  return { ...around(store, { run, list }), read: meteredRead(store, rate) };
}

/** Reading alone, at this rate. */
export function meteredRead(store: Pick<ObjectReader, "read">, rate: ByteRate): ObjectReader["read"] {
  return async (key, options, wait) => {
    const read = async (): Promise<{ readonly result: Buffer; readonly bytes: number }> => {
      const result = await store.read(key, options, wait);
      return { result, bytes: result.length };
    };
    return paced(rate, expectedBytes(options), read, wait);
  };
}

async function paced<T>(
  rate: ByteRate,
  announcedBytes: number,
  transfer: () => Promise<{ readonly result: T; readonly bytes: number }>,
  wait: Waiting,
): Promise<T> {
  const settle = await rate.take(announcedBytes, wait);
  let bytes = 0;
  try {
    const done = await transfer();
    bytes = done.bytes;
    return done.result;
  } finally {
    settle(bytes);
  }
}

function expectedBytes({ range, bytesMax = Number.POSITIVE_INFINITY }: ReadOptions): number {
  const bytes = range === undefined ? bytesMax : range.to - range.from;
  return bytes <= knownBytesMax ? bytes : 0;
}
