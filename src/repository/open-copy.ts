/**
 * Opening a backup for a restore or a proof. The record is checked against who may sign, inventory
 * and manifest against the record, every object against the inventory; so it does not matter which
 * store the bytes come from, and they are taken object by object from whichever has them whole.
 */
import { Failure, type FailureCode, isFailure } from "../base/failure.ts";
import type { Sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { chunkBytesMax } from "../model/chunk-bytes.ts";
import { chunksPrefix, keySetKeys, manifestKey } from "../model/layout.ts";
import type { Manifest } from "../model/manifest.ts";
import type { TenantKeys } from "../keys/tenant-keys.ts";
import type { Image } from "../postgres/image.ts";
import { give } from "../base/given.ts";
import type { Opener } from "../sealing/sealing.ts";
import type { ObjectReader } from "../stores/store.ts";
import { copyImage } from "./copy-image.ts";
import { type Damage, fetchWhole } from "./fetch.ts";
import { demandFixed } from "./fixed-bytes.ts";
import { readInventory } from "./inventories.ts";
import { askEach, type Library } from "./library.ts";
import { decodeManifest, manifestBytesMax } from "./manifest.ts";
import { type GoodRecord, isGood, readRecord, type StoredRecord, type SuspectReason } from "./records.ts";

export interface CopyRequest {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  /** Of the generation and with that statement, from these stores; this host must be able to read. */
  readonly keys: (named: NamedKeys, stores: readonly ObjectReader[], wait: Waiting) => Promise<TenantKeys>;
}

export interface NamedKeys {
  readonly generation: number;
  /** Of the bytes of the signed statement, as the inventory gives it; null: any that is signed will do. */
  readonly statement: Sha256 | null;
}

export interface OpenedCopy {
  readonly record: BackupRecord;
  /** Of the bytes of `record.jws`; what a proof is bound to. */
  readonly recordSha256: Sha256;
  readonly inventory: ReadonlyMap<ObjectKey, InventoryLine>;
  readonly manifest: Manifest;
  readonly image: Image;
  readonly keys: TenantKeys;
  /** What lies sealed under a chunk's key, whatever the manifest says of its length; fails as `Image.read` does. */
  readonly openChunk: (key: ObjectKey, wait: Waiting) => Promise<Buffer>;
  /** The stores whose bytes were used so far. */
  from(): readonly StoreName[];
  /** What stores should have held whole and did not, so far; each store and key once. */
  damage(): readonly Damage[];
}

/**
 * `library.stores` in the order of preference; one store only for a proof, which must not be helped
 * by another. "backup/unknown" when no store has the record, "keys/signature" when none has one that
 * is trusted, "keys/role" when this host may not read; damage throws as `fetchWhole` does.
 */
export async function openCopy(
  request: CopyRequest,
  library: Library,
  opener: Opener,
  wait: Waiting,
): Promise<OpenedCopy> {
  const journal = new Journal();
  const found = await findRecord(request, library, journal, wait);
  const { record } = found;
  const inventory = new Map<ObjectKey, InventoryLine>();
  for await (const line of readInventory(journal.order(library.stores), record, journal.note, wait)) {
    // A lie of whoever signed the record speaks against this backup, and never against objects that others rest on.
    demandFixed(record, line);
    inventory.set(line.key, line);
  }
  const keys = await request.keys(namedKeys(record, inventory), journal.order(library.stores), wait);
  const identity = identityOf(keys, request.tenant);

  const manifestAt = manifestKey(record.tenant, record.backup);
  const wanted = { key: manifestAt, ...record.manifest };
  const sealed = await fetchWhole(journal.order(library.stores), wanted, journal, wait);
  journal.served(sealed.from);
  const open = openerOfTenant(opener, identity);
  const manifest = decodeManifest(await open(sealed.body, { atMost: manifestBytesMax }, wait), record);
  checkManifest(manifest, record, inventory);

  const openLine = async (key: ObjectKey, bytes: PlainBytes, wait: Waiting): Promise<Buffer> => {
    const line = inventory.get(key);
    if (line === undefined) throw new Failure("format/invalid", `the inventory does not name ${key}`);
    const { body, from } = await fetchWhole(journal.order(library.stores), line, journal, wait);
    journal.served(from);
    return open(give(body), bytes, wait);
  };
  const image = copyImage(manifest, ({ key, bytes }, wait) => openLine(key, bytes, wait));
  return {
    record,
    recordSha256: found.sha256,
    inventory,
    manifest,
    image,
    keys,
    openChunk: (key, wait) => openLine(key, { atMost: chunkBytesMax }, wait),
    from: () => journal.stores,
    damage: () => journal.damage,
  };
}

type PlainBytes = Parameters<Opener["open"]>[2];

/**
 * The identity is the one that the signed statement names (`openKeySet`), and the bytes are those of the inventory: what
 * is sealed to somebody else was sealed so, opens for no host of ours, and is damage of the copy like any other.
 */
function openerOfTenant(
  opener: Opener,
  identity: string,
): (sealed: Uint8Array, bytes: PlainBytes, wait: Waiting) => Promise<Buffer> {
  return async (sealed, bytes, wait) => {
    try {
      return await opener.open(sealed, identity, bytes, wait);
    } catch (error) {
      if (!isFailure(error, "keys/identity")) throw error;
      throw new Failure("sealing/damaged", "an object is sealed to somebody else than the tenant", {
        cause: error,
      });
    }
  };
}

/** The first record that is believed, in the order of preference. */
async function findRecord(
  { tenant, backup }: CopyRequest,
  library: Library,
  journal: Journal,
  wait: Waiting,
): Promise<GoodRecord> {
  const ask = (store: ObjectReader): Promise<StoredRecord | null> =>
    readRecord({ tenant, backup }, store, library, wait);
  const { answers, down } = await askEach(library.stores, ask, wait);
  for (const { store } of down) journal.down(store);
  const shown = [...answers.values()].filter((one) => one !== null);
  const good = shown.find(isGood);
  if (good !== undefined) return good;
  const [suspect] = shown;
  if (suspect?.standing === "suspect") {
    const code = suspectCode(suspect.reason);
    throw new Failure(code, `the record of ${backup} in ${suspect.store} is not believed: ${suspect.detail}`);
  }
  const [first] = down;
  if (first !== undefined) throw first.failure;
  throw new Failure("backup/unknown", `no store holds a backup ${backup} of ${tenant}`);
}

function suspectCode(reason: SuspectReason): FailureCode {
  switch (reason) {
    case "format":
      return "format/unknown";
    case "malformed":
      return "format/invalid";
    case "signature":
    case "signer":
    case "misplaced":
      return "keys/signature";
    // By this host's clock, which says nothing of the copy.
    case "future":
      return "source/clock";
  }
}

function namedKeys(
  { tenant, backup, keyGeneration: generation }: BackupRecord,
  inventory: ReadonlyMap<ObjectKey, InventoryLine>,
): NamedKeys {
  const line = inventory.get(keySetKeys(tenant, generation).statement);
  if (line !== undefined) return { generation, statement: line.sha256 };
  throw new Failure("format/invalid", `the inventory of ${backup} names no keys`);
}

function identityOf(keys: TenantKeys, tenant: TenantId): string {
  if (keys.identity !== null) return keys.identity;
  const hint = "the identity of a verifier, a restorer or the escrow opens backups";
  throw new Failure("keys/role", `this host may not read backups of ${tenant}`, { hint });
}

/** What the manifest points at must be in the inventory that was signed beside it. */
function checkManifest(
  { streams }: Manifest,
  record: BackupRecord,
  inventory: ReadonlyMap<ObjectKey, InventoryLine>,
): void {
  const prefix = chunksPrefix(record.tenant, record.keyGeneration);
  for (const { key } of streams.flatMap((stream) => stream.chunks)) {
    if (!inventory.has(key) || !key.startsWith(prefix)) {
      throw new Failure(
        "format/invalid",
        `the manifest of ${record.backup} names ${key}, which its inventory does not`,
      );
    }
  }
}

/** Which stores served, and which fell short. */
class Journal {
  readonly #served = new Set<StoreName>();
  readonly #down = new Set<StoreName>();
  readonly #damage = new Map<string, Damage>();

  readonly note = (damage: Damage): void => {
    this.#damage.set(`${damage.store} ${damage.key}`, damage);
  };

  readonly down = (store: StoreName): void => {
    this.#down.add(store);
  };

  /** A store that could not be asked is asked last from then on: a time-out for every object would take for ever. */
  order(stores: readonly ObjectReader[]): readonly ObjectReader[] {
    return [
      ...stores.filter(({ name }) => !this.#down.has(name)),
      ...stores.filter(({ name }) => this.#down.has(name)),
    ];
  }

  served(store: StoreName): void {
    this.#served.add(store);
  }

  get stores(): readonly StoreName[] {
    return [...this.#served];
  }

  get damage(): readonly Damage[] {
    return [...this.#damage.values()];
  }
}
