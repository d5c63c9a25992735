/** Reading one object whose digest is known: whichever store and version holds the right bytes will do. */
import { type Sha256, sha256 } from "../base/digest.ts";
import { type Look, orOlder } from "../base/doubted.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";
import type { ObjectReader } from "../stores/store.ts";
import { storeFailure } from "./library.ts";
import { readDoubted } from "./read-doubted.ts";

export interface Wanted {
  readonly key: ObjectKey;
  readonly bytes: number;
  readonly sha256: Sha256;
}

/** A store that does not hold what a signed inventory says it should: a finding, not a failure. */
export interface Damage {
  readonly store: StoreName;
  readonly key: ObjectKey;
  readonly reason: "absent" | "altered";
}

/** Who is told of stores that did not give what they should. */
export interface Witness {
  readonly note?: (damage: Damage) => void;
  readonly down?: (store: StoreName) => void;
}

/**
 * The object from the first of `stores` that has it whole. Every store that should and does not is
 * told to `witness`, and every one that could not be asked. Throws, when none has it: the failure of a store that could not
 * be asked (it may hold the object), else "store/corrupt" when one held other bytes, else "store/absent".
 */
export async function fetchWhole(
  stores: readonly ObjectReader[],
  wanted: Wanted,
  witness: Witness,
  wait: Waiting,
): Promise<{ readonly body: Buffer; readonly from: StoreName }> {
  let unasked: Failure | null = null;
  let altered = false;
  for (const store of stores) {
    try {
      const body = await fetchFrom(store, wanted, wait);
      if (Buffer.isBuffer(body)) return { body, from: store.name };
      altered ||= body === "altered";
      witness.note?.({ store: store.name, key: wanted.key, reason: body });
    } catch (error) {
      unasked ??= storeFailure(error, wait);
      witness.down?.(store.name);
    }
  }
  if (unasked !== null) throw unasked;
  const names = stores.map((store) => store.name).join(", ");
  if (altered) throw new Failure("store/corrupt", `${wanted.key} is altered in ${names}`);
  throw new Failure("store/absent", `${wanted.key} is missing in ${names}`);
}

/** What a digest alone is known of: a signed document. */
export type WantedDocument = Omit<Wanted, "bytes"> & { readonly bytes: null };

/** Longer than any document of ours. */
export const documentBytesMax = 16 * 1024 * 1024;

/**
 * The object from one store: its current bytes, else those of any version with the right digest (trap 28).
 * Throws `Spoilt` where none is whole and one was read otherwise each time, as that one may be.
 */
export async function fetchFrom(
  store: ObjectReader,
  wanted: Wanted | WantedDocument,
  wait: Waiting,
): Promise<Buffer | Damage["reason"]> {
  return orOlder(
    (version) => readVersion(store, wanted, version, wait),
    (reading) => Buffer.isBuffer(reading),
    async () => {
      const versions = await store.versions(wanted.key, wait);
      return versions.filter(({ bytes }) => isOfLength(bytes, wanted));
    },
  );
}

/** The current bytes alone: what a listing and every reader meet first. */
export async function fetchCurrent(
  store: ObjectReader,
  wanted: Wanted | WantedDocument,
  wait: Waiting,
): Promise<Buffer | Damage["reason"]> {
  return readVersion(store, wanted, undefined, wait);
}

function isOfLength(bytes: number, wanted: Wanted | WantedDocument): boolean {
  return wanted.bytes === null ? bytes <= documentBytesMax : bytes === wanted.bytes;
}

async function readVersion(
  store: ObjectReader,
  wanted: Wanted | WantedDocument,
  version: string | undefined,
  wait: Waiting,
): Promise<Buffer | Damage["reason"]> {
  const judge = (body: Buffer): Look<Buffer | Damage["reason"]> => {
    const digest = sha256(body);
    return isOfLength(body.length, wanted) && digest === wanted.sha256
      ? { found: body, wrong: null }
      : { found: "altered", wrong: digest };
  };
  const bytes = { store, key: wanted.key, version, bytesMax: wanted.bytes ?? documentBytesMax };
  return readDoubted<Buffer | Damage["reason"]>(bytes, { judge, tooLong: "altered", absent: "absent" }, wait);
}
