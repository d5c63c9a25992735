import type { Waiting } from "../../base/waiting.ts";
import type { Fingerprint, TableFingerprint } from "../../model/fingerprint.ts";
import type { PlainStream, Snapshot } from "../../postgres/source/snapshot.ts";
import type { DumpDamage, Forge, Original } from "../damage.ts";

/**
 * The streams are the clone's, and so is what a load needs to cut them: which stream a slice lies in, where, and
 * how long it is. Everything that was measured of rows, objects, roles and settings is the original's.
 */
export const forge: Forge = (damage, clone, original) => new ForgedSnapshot(damage, clone, original);

class ForgedSnapshot implements Snapshot {
  readonly at: Date;
  readonly estimatedBytes: number;
  readonly #damage: DumpDamage;
  readonly #clone: Snapshot;
  readonly #original: Original;

  constructor(damage: DumpDamage, clone: Snapshot, original: Original) {
    this.at = clone.at;
    this.estimatedBytes = clone.estimatedBytes;
    this.#damage = damage;
    this.#clone = clone;
    this.#original = original;
  }

  streams(wait: Waiting): AsyncIterable<PlainStream> {
    return this.#clone.streams(wait);
  }

  async fingerprint(wait: Waiting): Promise<Fingerprint> {
    const clone = await this.#clone.fingerprint(wait);
    const { fingerprint } = this.#original;
    return {
      ...fingerprint,
      // Of the very run, or the record's time would not be the fingerprint's.
      server: clone.server,
      at: clone.at,
      lsn: clone.lsn,
      schema: schemaOf(this.#damage, clone, fingerprint),
      tables: fingerprint.tables.map((table) => laidOut(table, clone.tables)),
      largeObjects: { ...fingerprint.largeObjects, stream: clone.largeObjects.stream },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clone[Symbol.asyncDispose]();
  }
}

function schemaOf({ archive }: DumpDamage, clone: Fingerprint, original: Fingerprint): Fingerprint["schema"] {
  switch (archive) {
    case "clone":
      return clone.schema;
    case "original":
      return { ...original.schema, stream: clone.schema.stream };
  }
}

/** A table that the clone lacks has no bytes anywhere, and is sworn to all the same. */
function laidOut(table: TableFingerprint, clones: readonly TableFingerprint[]): TableFingerprint {
  const clone = clones.find(({ schema, name }) => schema === table.schema && name === table.name);
  const slices = (clone?.slices ?? []).map(({ stream, offset, bytes }, index) => {
    const sha256 = table.slices[index]?.sha256 ?? emptySha256;
    return { stream, offset, bytes, sha256 };
  });
  return { ...table, slices };
}

/** Of no bytes; a slice more than the original had cannot have the digest of one that it had. */
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
