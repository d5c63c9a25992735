import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { KeyReader } from "./key-store.ts";

const keyObjectBytesMax = 1024 * 1024;

/**
 * What `judge` makes of the bytes under a key: of the current ones, or, where it throws at those and the
 * store keeps versions, of the newest older ones that it takes. A write over a key object must not
 * close every copy in that store (trap 28). Throws what was wrong with the current ones.
 */
export async function readGood<T>(
  store: KeyReader,
  key: ObjectKey,
  judge: (body: Buffer) => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const current = await judged(store, key, undefined, judge, wait);
  if (!(current instanceof Failure)) return current.value;
  for (const older of await store.versions(key, wait)) {
    if (older.current) continue;
    const one = await judged(store, key, older.version, judge, wait);
    if (!(one instanceof Failure)) return one.value;
  }
  throw current;
}

/** As `judgedOnce`; read once more before the bytes are called bad: a line that spoils them in passing must not accuse the store (promise 5). */
async function judged<T>(
  store: KeyReader,
  key: ObjectKey,
  version: string | undefined,
  judge: (body: Buffer) => Promise<T>,
  wait: Waiting,
): ReturnType<typeof judgedOnce<T>> {
  const which = version === undefined ? {} : { version };
  const first = await judgedOnce(store, key, which, judge, wait);
  const isSpoiled = first instanceof Failure && first.code !== "store/absent";
  return isSpoiled ? judgedOnce(store, key, { ...which, again: true }, judge, wait) : first;
}

/** What is wrong with the bytes is returned; what kept us from looking is thrown. */
async function judgedOnce<T>(
  store: KeyReader,
  key: ObjectKey,
  which: { readonly version?: string; readonly again?: boolean },
  judge: (body: Buffer) => Promise<T>,
  wait: Waiting,
): Promise<{ readonly value: T } | Failure> {
  try {
    const body = await store.read(key, { bytesMax: keyObjectBytesMax, ...which }, wait);
    return { value: await judge(body) };
  } catch (error) {
    if (isFailure(error) && ofTheBytes.has(error.code)) return error;
    throw error;
  }
}

const ofTheBytes: ReadonlySet<string> = new Set([
  "store/absent",
  "store/corrupt",
  "keys/signature",
  "format/unknown",
  "format/invalid",
]);
