/** Which objects of the copy on trial are damaged: each damage says what it needs of its victim. */
import { Failure } from "../../base/failure.ts";
import type { ObjectKey } from "../../model/ids.ts";
import { parseChunkKey } from "../../model/layout.ts";
import type { StreamEntry } from "../../model/manifest.ts";
import type { Contents, StoresToDamage } from "./store-damage.ts";

/** The largest object: it has every part that a sealed object can have. */
export function largestObject({ inventory }: Contents): ObjectKey {
  const chunks = [...inventory.values()].filter(({ key }) => parseChunkKey(key) !== null);
  return demand(chunks.toSorted((one, other) => other.bytes - one.bytes)[0]?.key, "no object");
}

/** An object of rows, which nothing else in the copy can make up for. */
export function objectOfRows({ manifest }: Contents): ObjectKey {
  return demand(rows(manifest.streams)[0]?.chunks[0]?.key, "no object of rows");
}

/** Two objects that hold rows of one table, neighbours in its order. */
export function twoOfOneTable({ manifest }: Contents): readonly [ObjectKey, ObjectKey] {
  for (const { slices } of manifest.fingerprint.tables) {
    const streams = new Set(slices.map(({ stream }) => stream));
    const keys = rows(manifest.streams)
      .filter(({ id }) => streams.has(id))
      .flatMap(({ chunks }) => chunks.map(({ key }) => key));
    const [one, two] = [...new Set(keys)];
    if (slices.length > 1 && one !== undefined && two !== undefined) return [one, two];
  }
  throw new Failure("internal/bug", "no table of the challenge is held in two objects");
}

/** One object that holds rows and one that holds the schema or large objects. */
export function twoOfDifferentKind(contents: Contents): readonly [ObjectKey, ObjectKey] {
  const other = contents.manifest.streams.find(({ content }) => content === "large-objects")?.chunks[0]?.key;
  return [objectOfRows(contents), demand(other, "no object of large objects")];
}

export function formerObject({ contents }: StoresToDamage): ObjectKey {
  return demand(contents.formerChunks[0], "no object of the older backup alone");
}

export function neighboursObject({ contents }: StoresToDamage): ObjectKey {
  return demand(contents.neighboursChunks[0], "no object of the neighbour");
}

function rows(streams: readonly StreamEntry[]): readonly StreamEntry[] {
  return streams.filter(({ content, chunks }) => content === "rows" && chunks.length > 0);
}

function demand(key: ObjectKey | undefined, lack: string): ObjectKey {
  if (key !== undefined) return key;
  throw new Failure("internal/bug", `the challenge has ${lack}`);
}
