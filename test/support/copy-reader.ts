/**
 * A reader of copies that shares no code with the product: JWS by splitting, zstd by the runtime,
 * digests by hand. It answers what promise 1 asks of a store.
 */
import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";

/** A store as far as this reader needs it: one in memory, or a folder. */
export interface Bodies {
  keys(): readonly string[];
  bodyOf(key: string): Buffer;
}

interface Line {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The ids of all records in a store. */
export function recordsIn(store: Bodies): string[] {
  return store.keys().flatMap((key) => /\/backups\/([^/]+)\/record\.jws$/.exec(key)?.[1] ?? []);
}

/** What records of the store name and the store does not hold whole, in words; empty when promise 1 holds. */
export function brokenPromises(store: Bodies): string[] {
  const broken: string[] = [];
  const keys = store.keys();
  const isWhole = wholeness(store, keys);
  for (const key of keys.filter((one) => one.endsWith("/record.jws"))) {
    const folder = key.slice(0, -"record.jws".length);
    const payload = store.bodyOf(key).toString("latin1").split(".")[1] ?? "";
    const record = asRecord(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
    const inventory = asLine({ key: `${folder}inventory.zst`, ...asRecord(record["inventory"]) });
    if (!isWhole(inventory)) {
      broken.push(`${inventory.key} of ${key}`);
      continue;
    }
    const text = zstdDecompressSync(store.bodyOf(inventory.key)).toString("utf8");
    const [, ...lines] = text.trimEnd().split("\n");
    if (lines.length !== record["objects"]) broken.push(`number of objects of ${key}`);
    for (const line of lines.map((one) => asLine(asRecord(JSON.parse(one))))) {
      if (!isWhole(line)) broken.push(`${line.key} of ${key}`);
    }
    const named = lines.join("\n");
    for (const part of ["manifest.age", ".identity.age", ".id.age", "/keys/"]) {
      if (!named.includes(part)) broken.push(`${part} is not named by ${key}`);
    }
  }
  return broken;
}

/** Every object is read once, however many backups name it. */
function wholeness(store: Bodies, keys: readonly string[]): (line: Line) => boolean {
  const there = new Set(keys);
  const digests = new Map<string, string>();
  const digestOf = (key: string): string => {
    const body = store.bodyOf(key);
    const digest = `${String(body.length)} ${createHash("sha256").update(body).digest("hex")}`;
    digests.set(key, digest);
    return digest;
  };
  return ({ key, bytes, sha256 }) =>
    there.has(key) && (digests.get(key) ?? digestOf(key)) === `${String(bytes)} ${sha256}`;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new TypeError("not an object");
  return Object.fromEntries(Object.entries(value));
}

function asLine({ key, bytes, sha256 }: Readonly<Record<string, unknown>>): Line {
  if (typeof key !== "string" || typeof bytes !== "number" || typeof sha256 !== "string") {
    throw new TypeError("not a line of an inventory");
  }
  return { key, bytes, sha256 };
}
