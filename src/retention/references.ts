/**
 * What the records of all stores name between them, and must therefore stay (trap 26). Any record
 * protects its objects, whatever its signature or version.
 */
import { DigestSet } from "../base/digest-set.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type BackupRecord, backupRecord } from "../model/documents.ts";
import type { BackupId, ObjectKey, TenantId } from "../model/ids.ts";
import { parseChunkKey, parseDocumentKey, recordKey } from "../model/layout.ts";
import { documentBytesMax } from "../repository/fetch.ts";
import { readInventory } from "../repository/inventories.ts";
import type { StoredRecord } from "../repository/records.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Stop } from "./stop.ts";

/** One per tenant and prune; records are only ever added, so that what was protected once stays so. */
export class References {
  readonly #tenant: TenantId;
  readonly #stores: readonly ObjectReader[];
  readonly #chunks = new DigestSet();
  readonly #backups = new Set<BackupId>();
  readonly #seen = new Set<string>();

  constructor(tenant: TenantId, stores: readonly ObjectReader[]) {
    this.#tenant = tenant;
    this.#stores = stores;
  }

  /** Protects whatever these records name. Resolves with those whose objects could not be told: then nothing may go. */
  async add(records: Iterable<StoredRecord>, wait: Waiting): Promise<readonly Stop[]> {
    const stops: Stop[] = [];
    for (const one of records) {
      const id = `${one.backup} ${one.sha256 ?? one.store}`;
      if (this.#seen.has(id)) continue;
      this.#backups.add(one.backup);
      const stop = await this.#addOne(one, wait);
      if (stop === null) this.#seen.add(id);
      else stops.push(stop);
    }
    return stops;
  }

  /** Whether a chunk, manifest or inventory is named, or lies beside a record; by its key. */
  names(key: ObjectKey): boolean {
    const document = parseDocumentKey(key);
    if (document !== null) return this.#backups.has(document.backup);
    const chunk = parseChunkKey(key);
    return chunk === null || this.#chunks.mayHave(chunk.digest);
  }

  hasRecord(backup: BackupId): boolean {
    return this.#backups.has(backup);
  }

  async #addOne(one: StoredRecord, wait: Waiting): Promise<Stop | null> {
    const record = one.record ?? (await this.#asItSays(one, wait));
    if (record === null) {
      const detail = `nobody can tell what ${one.backup} names: ${one.standing === "suspect" ? one.detail : ""}`;
      return { reason: "record-unreadable", store: one.store, detail };
    }
    try {
      for await (const { key } of readInventory(this.#stores, record, () => undefined, wait)) {
        const chunk = parseChunkKey(key);
        if (chunk !== null) this.#chunks.add(chunk.digest);
      }
      return null;
    } catch (error) {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      const detail = `the inventory of ${one.backup}: ${error.message}`;
      return { reason: "inventory-unreadable", store: one.store, detail };
    }
  }

  /** What a record says that nobody vouches for: enough to protect, never enough to remove. */
  async #asItSays({ store, backup }: StoredRecord, wait: Waiting): Promise<BackupRecord | null> {
    const place = this.#stores.find(({ name }) => name === store);
    if (place === undefined) return null;
    try {
      const key = recordKey(this.#tenant, backup);
      const bytes = await place.read(key, { bytesMax: documentBytesMax }, wait);
      const [, payload = ""] = bytes.toString("latin1").split(".");
      const parsed = backupRecord.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
      const fits = parsed.success && parsed.data.tenant === this.#tenant && parsed.data.backup === backup;
      return fits ? parsed.data : null;
    } catch (error) {
      if (wait.signal.aborted) throw error;
      return null;
    }
  }
}
