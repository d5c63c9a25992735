/**
 * A store that shows a million chunks and holds none of them: what it lists and gives is worked out from a number. Beside
 * them it holds documents.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../src/base/failure.ts";
import { type ObjectKey, objectKey, type StoreName, storeName, type TenantId } from "../src/model/ids.ts";
import { chunkKey, chunksPrefix } from "../src/model/layout.ts";
import type { ObjectStat, ObjectVersion, ReadOptions, WholeStore } from "../src/stores/store.ts";

export interface Chunks {
  readonly tenant: TenantId;
  readonly count: number;
}

/** Read anew each time, since a store's own bytes are not the program's. */
export type Documents = Map<string, () => Buffer>;

/** The key of the `at`th chunk in the order of a listing, and its bytes. */
export function chunkAt(
  { tenant, count }: Chunks,
  at: number,
): { readonly key: ObjectKey; readonly body: Buffer } {
  const place = Math.floor((at * 2 ** 32) / count)
    .toString(16)
    .padStart(8, "0");
  const rest = createHash("sha256").update(String(at)).digest("hex");
  const body = Buffer.from(`${place}${rest}`);
  const digest = createHash("sha256").update(body).digest("hex");
  const name = `${place}${rest.slice(8)}`;
  return { key: chunkKey(tenant, { generation: 1, name, digest }), body };
}

export class ManyObjectsStore implements WholeStore {
  readonly name: StoreName;
  readonly #chunks: Chunks;
  readonly #modifiedAt: Date;
  readonly #now: () => Date;
  /** Which of the chunks lie here. */
  readonly #has: Uint8Array;
  readonly #documents: Documents;
  /** Of documents that are written, whose bytes are not the program's either. */
  readonly #folder: string;
  #written = 0;

  constructor(
    name: string,
    chunks: Chunks,
    has: boolean,
    documents: Documents,
    {
      modifiedAt,
      now,
      folder,
    }: { readonly modifiedAt: Date; readonly now: () => Date; readonly folder: string },
  ) {
    this.name = storeName.parse(name);
    this.#chunks = chunks;
    this.#has = new Uint8Array(chunks.count).fill(has ? 1 : 0);
    this.#documents = new Map(documents);
    this.#modifiedAt = modifiedAt;
    this.#now = now;
    this.#folder = folder;
  }

  async stat(key: ObjectKey): Promise<ObjectStat | null> {
    const body = this.#find(key);
    return body === null ? null : this.#statOf(key, body);
  }

  async read(key: ObjectKey, { range }: ReadOptions): Promise<Buffer> {
    const body = this.#find(key);
    if (body === null) throw new Failure("store/absent", `${key} is not in ${this.name}`);
    return range === undefined ? body : body.subarray(range.from, range.to);
  }

  async *list(prefix: string, _wait: unknown, after = ""): AsyncGenerator<ObjectStat> {
    const chunks = chunksPrefix(this.#chunks.tenant, 1);
    const isWanted = (key: string): boolean => key.startsWith(prefix) && key > after;
    const documents = [...this.#documents].toSorted(([one], [other]) => (one < other ? -1 : 1));
    for (const [key, body] of documents)
      if (key < chunks && isWanted(key)) yield this.#statOf(objectKey.parse(key), body());
    if (chunks.startsWith(prefix) || prefix.startsWith(chunks)) {
      for (let at = 0; at < this.#chunks.count; at += 1) {
        if (this.#has[at] === 0) continue;
        const { key, body } = chunkAt(this.#chunks, at);
        if (isWanted(key)) yield this.#statOf(key, body);
      }
    }
    for (const [key, body] of documents)
      if (key > chunks && isWanted(key)) yield this.#statOf(objectKey.parse(key), body());
  }

  async versions(key: ObjectKey): Promise<readonly ObjectVersion[]> {
    const body = this.#find(key);
    return body === null ? [] : [{ ...this.#statOf(key, body), version: "null", current: true }];
  }

  async clock(): Promise<Date> {
    return this.#now();
  }

  async create(key: ObjectKey, body: Uint8Array): Promise<void> {
    if (this.#find(key) !== null) throw new Failure("store/exists", `${key} is taken in ${this.name}`);
    await this.mend(key, body);
  }

  async mend(key: ObjectKey, body: Uint8Array): Promise<void> {
    const at = this.#placeOf(key);
    if (at === null) {
      const path = join(this.#folder, `${this.name}-${String((this.#written += 1))}`);
      writeFileSync(path, body);
      this.#documents.set(key, () => readFileSync(path));
    } else this.#has[at] = 1;
  }

  async remove(key: ObjectKey): Promise<void> {
    const at = this.#placeOf(key);
    if (at === null) this.#documents.delete(key);
    else this.#has[at] = 0;
  }

  #find(key: string): Buffer | null {
    const at = this.#placeOf(key);
    if (at === null) return this.#documents.get(key)?.() ?? null;
    return this.#has[at] === 0 ? null : chunkAt(this.#chunks, at).body;
  }

  /** Which chunk it is; null where it is none. */
  #placeOf(key: string): number | null {
    const chunks = chunksPrefix(this.#chunks.tenant, 1);
    if (!key.startsWith(chunks)) return null;
    const place = Number.parseInt(key.slice(chunks.length + 3, chunks.length + 11), 16);
    const about = Math.round((place * this.#chunks.count) / 2 ** 32);
    for (const at of [about - 1, about, about + 1])
      if (at >= 0 && at < this.#chunks.count && chunkAt(this.#chunks, at).key === key) return at;
    return null;
  }

  #statOf(key: ObjectKey, body: Buffer): ObjectStat {
    return { key, bytes: body.length, modifiedAt: this.#modifiedAt };
  }
}
