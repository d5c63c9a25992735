/** What goes into a backup in the making, and what is known of it by the time it is committed. */
import type { Chance } from "../base/chance.ts";
import type { Failure } from "../base/failure.ts";
import type { Budget } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { Fingerprint } from "../model/fingerprint.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import type { KeyRefusal } from "../keys/key-set.ts";
import type { Signer } from "../keys/signing.ts";
import type { KeySetPlace } from "../keys/spread-key-set.ts";
import type { TenantKeys } from "../keys/tenant-keys.ts";
import type { Sealer } from "../sealing/sealing.ts";
import type { ChunkPlacer } from "./chunk-placer.ts";
import type { Condemned } from "./condemned.ts";
import type { Damage } from "./fetch.ts";
import type { Library } from "./library.ts";
import type { LockTimes } from "./locks.ts";
import type { StoredRecord } from "./records.ts";
import type { Shelf, Shelves } from "./shelves.ts";

/** What making a backup takes of this host. */
export interface Workshop {
  readonly sealer: Sealer;
  readonly signer: Signer;
  readonly trust: Library["trust"];
  readonly clock: Library["clock"];
  /** Milliseconds that pass however the clock is set. */
  readonly monotonicMs: () => number;
  readonly chance: Chance;
  /** Name of this host, as the record gives it. */
  readonly host: string;
  /** Sealed bytes on their way to the stores, over the whole process. */
  readonly inFlight: Budget;
  readonly onStoreFailed: (tenant: TenantId, store: StoreName, failure: Failure) => void;
  /** A store shows a key set that is not used; it stays in the backup if it holds the right one as well. */
  readonly onKeysRefused: (tenant: TenantId, refusal: KeyRefusal) => void;
  /** A condemned list that cannot be read: nothing is reused until somebody has looked at it. */
  readonly onReuseOff: (tenant: TenantId, unreadable: Condemned["unreadable"][number]) => void;
  readonly onDamage: (tenant: TenantId, damage: Damage) => void;
}

export interface DraftOrder {
  readonly tenant: TenantId;
  readonly kind: BackupKind;
  /** Preferred ones first. */
  readonly shelves: readonly Shelf[];
  /** How many of them must hold the backup for it to count. */
  readonly quorum: number;
  readonly zstdLevel: number;
  /** Of the newest generation, no older than `least`, from the stores that are left; see `keysToBackUp`. */
  readonly keys: (shelves: KeyShelves, least: number, wait: Waiting) => Promise<KeysFound>;
}

/** The stores as one look showed them: what they list is of that look. */
export type KeyShelves = Pick<Shelves, "failures" | "quorum"> & {
  readonly all: readonly Pick<Shelf, "store">[];
};

export interface KeysFound {
  readonly keys: TenantKeys;
  /** The key objects as lines of an inventory: a copy without them opens for nobody. */
  readonly lines: readonly InventoryLine[];
  /** Of every store that was left, whether it holds these very keys now. */
  readonly places: readonly KeySetPlace[];
  /** Newer key sets that nobody uses, being forged, incomplete or unknown. */
  readonly refusals: readonly KeyRefusal[];
}

export interface DraftEnd {
  /** The source's clock in the snapshot: the recovery point. */
  readonly at: Date;
  /** The host's clock just before the snapshot was asked for, and just after it was there. */
  readonly askedAt: Date;
  readonly openedAt: Date;
  readonly fingerprint: Fingerprint;
  /** Versions of what made it. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Committed {
  readonly backup: BackupId;
  readonly state: "complete" | "degraded";
  readonly plainBytes: number;
  /** Sealed bytes of one copy that were new, and that lay there already. */
  readonly uploadedBytes: number;
  readonly reusedBytes: number;
  readonly objects: number;
  /** For every store of the order, null where the copy is whole. */
  readonly copies: ReadonlyMap<StoreName, Failure | null>;
}

/** What a store showed of itself and of earlier backups when the draft began. */
export interface RecordsBefore {
  readonly storeId: string | null;
  /** The last ones, and what was read on the way to them; see `readLastRecords`. */
  readonly read: readonly StoredRecord[];
  /** All that were listed. */
  readonly listed: ReadonlySet<BackupId>;
  /** Condemned lists, as `settledLists` has them. */
  readonly settled: ReadonlySet<string>;
}

/** What a draft has come to know by the time it is committed. */
export interface DraftState {
  readonly order: DraftOrder;
  readonly workshop: Workshop;
  readonly shelves: Shelves;
  readonly keys: TenantKeys;
  readonly keyLines: readonly InventoryLine[];
  readonly before: ReadonlyMap<StoreName, RecordsBefore>;
  readonly placer: ChunkPlacer;
  readonly locks: LockTimes | null;
  readonly startedAt: Date;
  /** The same moment by `monotonicMs`. */
  readonly startedMs: number;
}
