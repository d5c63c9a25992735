import { type Look, readDoubting } from "../base/doubted.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";

/** Bytes of one store: what lies under the key now, or an older version of it. */
export interface StoredBytes {
  readonly store: ObjectReader;
  readonly key: ObjectKey;
  readonly version?: string | undefined;
  /** More than this is not read. */
  readonly bytesMax: number;
}

export interface Judging<T> {
  readonly judge: (body: Buffer) => Look<T> | Promise<Look<T>>;
  /** What to make of more bytes than there may be. */
  readonly tooLong: T;
  /** What to make of none; "store/absent" is thrown where it is not told. */
  readonly absent?: T;
}

/** What the bytes come to; those that are wrong are read again, as `readDoubting` has it. */
export async function readDoubted<T>(bytes: StoredBytes, judging: Judging<T>, wait: Waiting): Promise<T> {
  const { store, key, version, bytesMax } = bytes;
  return readDoubting(`${key} in ${store.name}`, async (again) => {
    let body: Buffer;
    try {
      body = await store.read(key, { bytesMax, ...(version === undefined ? {} : { version }), again }, wait);
    } catch (error) {
      // Stores that are copies of one another answer so until each has what was written to one of them.
      if (isFailure(error, "store/absent") && judging.absent !== undefined)
        return { found: judging.absent, wrong: "absent" };
      if (isFailure(error, "store/corrupt"))
        return { found: judging.tooLong, wrong: await wrongOfTooLong(bytes, wait) };
      throw error;
    }
    return judging.judge(body);
  });
}

/**
 * For `Look.wrong` of bytes that were not read to their end. Nothing is known of them but what the store says of their
 * length; where it says otherwise, it was the way here that made them longer, and no two such readings are wrong alike.
 * An older version is read only where it was listed as no longer than allowed, so that it always was the way.
 */
async function wrongOfTooLong(
  { store, key, version, bytesMax }: StoredBytes,
  wait: Waiting,
): Promise<string | symbol> {
  const stat = version === undefined ? await store.stat(key, wait) : null;
  return stat !== null && stat.bytes > bytesMax ? `${String(stat.bytes)} bytes long` : Symbol("its length");
}
