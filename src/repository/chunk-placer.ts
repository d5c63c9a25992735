/** Every chunk of a backup finds its object: one that is reused, one placed a moment ago, or a new one. */
import type { Budget } from "../base/limit.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import { chunkKey, type ChunkName } from "../model/layout.ts";
import type { ChunkRef } from "../model/manifest.ts";
import { type KnownNames, knownNames } from "../sealing/known-names.ts";
import type { CutChunk, SealedBytes } from "../sealing/sealing.ts";
import { putWhole } from "./put.ts";
import type { Reusable } from "./reuse.ts";
import type { Shelves } from "./shelves.ts";

export interface PlacerSettings {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly shelves: Shelves;
  readonly reusable: ReadonlyMap<ChunkName, Reusable>;
  readonly lockedUntil: Date | null;
  /** Sealed bytes on their way to the stores, over the whole process. */
  readonly inFlight: Budget;
}

export class ChunkPlacer {
  /** What need not be sealed again. */
  readonly known: KnownNames;
  readonly #settings: PlacerSettings;
  readonly #lines = new Map<ChunkName, InventoryLine>();
  readonly #reused = new Set<ObjectKey>();
  #uploadedBytes = 0;
  #reusedBytes = 0;

  constructor(settings: PlacerSettings) {
    this.#settings = settings;
    this.known = knownNames([...settings.reusable.keys()]);
  }

  /** What the backup names, each object once, in no order. */
  get lines(): readonly InventoryLine[] {
    return [...this.#lines.values()];
  }

  /** Those of earlier backups. */
  get reused(): ReadonlySet<ObjectKey> {
    return this.#reused;
  }

  /** Sealed bytes of one copy: new ones, and those that lay there. */
  get bytes(): { readonly uploaded: number; readonly reused: number } {
    return { uploaded: this.#uploadedBytes, reused: this.#reusedBytes };
  }

  /** The chunks of one stream, in order. Placing goes on in the background, within the budget; `finish` waits for it. */
  lane(wait: Waiting): Lane {
    const chunks: ChunkRef[] = [];
    const underWay = new Set<Promise<void>>();
    let failed: { readonly error: unknown } | undefined;
    return {
      place: async (chunk) => {
        if (failed !== undefined) throw failed.error;
        const { line, sealed } = this.#assign(chunk);
        chunks.push({ key: line.key, bytes: chunk.bytes });
        if (sealed === null) return;
        const giveBack = await this.#settings.inFlight.take(sealed.body.length, wait);
        const task = this.#put(line, sealed, wait)
          .catch((error: unknown) => {
            failed ??= { error };
          })
          .finally(() => {
            giveBack();
            underWay.delete(task);
          });
        underWay.add(task);
      },
      finish: async () => {
        await Promise.all(underWay);
        if (failed !== undefined) throw failed.error;
        return chunks;
      },
    };
  }

  /** Two streams may seal the same plaintext at once; the first key given to a name is its key in this backup. */
  #assign(chunk: CutChunk): { readonly line: InventoryLine; readonly sealed: SealedBytes | null } {
    const { tenant, generation, lockedUntil, reusable } = this.#settings;
    const { name, sealed } = chunk;
    const placed = this.#lines.get(name);
    if (placed !== undefined) return { line: placed, sealed: null };
    const known = reusable.get(name);
    if (known !== undefined) {
      const { key, bytes, sha256 } = known;
      const line: InventoryLine = { key, bytes, sha256, ...lockOf(known.lockedUntil) };
      this.#lines.set(name, line);
      this.#reused.add(key);
      this.#reusedBytes += bytes;
      return { line, sealed: null };
    }
    if (sealed === null) throw new Failure("internal/bug", `chunk ${name} was taken for known and is not`);
    const key = chunkKey(tenant, { generation, name, digest: sealed.sha256 });
    const { sha256, body } = sealed;
    const line: InventoryLine = { key, bytes: body.length, sha256, ...lockOf(lockedUntil?.toISOString()) };
    this.#lines.set(name, line);
    this.#uploadedBytes += body.length;
    return { line, sealed };
  }

  async #put(line: InventoryLine, { body }: SealedBytes, wait: Waiting): Promise<void> {
    const { shelves, lockedUntil } = this.#settings;
    await shelves.each((shelf) => putWhole(shelf, { ...line, body, lockedUntil }, wait), wait);
  }
}

export interface Lane {
  readonly place: (chunk: CutChunk) => Promise<void>;
  /** Resolves once every store that is left has every chunk; waits for all that is under way even when one failed. */
  readonly finish: () => Promise<readonly ChunkRef[]>;
}

function lockOf(until: string | undefined): { readonly lockedUntil?: string } {
  return until === undefined ? {} : { lockedUntil: until };
}
