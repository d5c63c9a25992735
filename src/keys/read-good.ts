import { sha256 } from "../base/digest.ts";
import { orOlder, readDoubting } from "../base/doubted.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import type { KeyReader } from "./key-store.ts";

const keyObjectBytesMax = 1024 * 1024;

/**
 * What `judge` makes of the bytes under a key: of the current ones, or, where it throws at those and the
 * store keeps versions, of the newest older ones that it takes. A write over a key object must not
 * close every copy in that store (trap 28). Throws what was wrong with the current ones, or `Spoilt` where
 * any of them was read otherwise each time, as that one may be good.
 */
export async function readGood<T>(
  store: KeyReader,
  key: ObjectKey,
  judge: (body: Buffer) => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const found = await orOlder(
    (version) => judged({ store, key, version }, judge, wait),
    (reading) => !(reading instanceof Failure),
    () => store.versions(key, wait),
  );
  if (found instanceof Failure) throw found;
  return found.value;
}

/** What lies under the key now, or an older version of it. */
interface KeyBytes {
  readonly store: KeyReader;
  readonly key: ObjectKey;
  readonly version: string | undefined;
}

/** What is wrong with the bytes is returned; what kept us from looking is thrown. */
async function judged<T>(
  { store, key, version }: KeyBytes,
  judge: (body: Buffer) => Promise<T>,
  wait: Waiting,
): Promise<{ readonly value: T } | Failure> {
  return readDoubting<{ readonly value: T } | Failure>(`${key} in ${store.name}`, async (again) => {
    let digest: string | null = null;
    try {
      const which = version === undefined ? {} : { version };
      const body = await store.read(key, { bytesMax: keyObjectBytesMax, ...which, again }, wait);
      digest = sha256(body);
      return { found: { value: await judge(body) }, wrong: null };
    } catch (error) {
      if (!isFailure(error) || !ofTheBytes.has(error.code)) throw error;
      return { found: error, wrong: error.code === "store/absent" ? "absent" : (digest ?? error.message) };
    }
  });
}

const ofTheBytes: ReadonlySet<string> = new Set([
  "store/absent",
  "store/corrupt",
  "keys/signature",
  "format/unknown",
  "format/invalid",
]);
