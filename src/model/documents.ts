/**
 * The public documents of a store (design, section 6): they hold no table name, row or value.
 * Each schema is the format; `z.infer` gives the type.
 */
import { z } from "zod";
import { checkName, outcome } from "./check.ts";
import { engine, format } from "./format.ts";
import { backupKind, verdict } from "./glossary.ts";
import { backupId, holdId, instant, objectKey, sha256Hex, storeName, tenantId } from "./ids.ts";

/** More than any document of a backup has; whoever reads one takes it into memory whole. */
const documentBytesMax = 512 * 1024 * 1024;

/** Bytes as they lie in a store. */
const sealedDocument = z.object({ bytes: z.int().nonnegative().max(documentBytesMax), sha256: sha256Hex });

/** `holdfast.json`. */
export const storeDescriptor = z.object({
  format: format("holdfast-store"),
  storeId: z.string().regex(/^[a-z2-7]{16}$/),
  createdAt: instant,
});
export type StoreDescriptor = z.infer<typeof storeDescriptor>;

/** `keys/<n>.jws`: purpose `key`. */
export const keyStatement = z.object({
  format: format("holdfast-key"),
  tenant: tenantId,
  generation: z.int().positive(),
  /** The tenant's age recipient; every object of this generation is sealed to it and to nothing else. */
  recipient: z.string().regex(/^age1[0-9a-z]+$/),
  /** SHA-256 over the ASCII text `holdfast id key v1`, a zero byte and the id key. */
  idKeyCommitment: sha256Hex,
  identity: sealedDocument,
  id: sealedDocument,
  createdAt: instant,
});
export type KeyStatement = z.infer<typeof keyStatement>;

/** `backups/<backup>/record.jws`: purpose `record`. */
export const backupRecord = z.object({
  format: format("holdfast-record"),
  engine,
  tenant: tenantId,
  backup: backupId,
  kind: backupKind,
  /** The source's clock in the snapshot: the recovery point. */
  at: instant,
  startedAt: instant,
  finishedAt: instant,
  keyGeneration: z.int().positive(),
  manifest: sealedDocument,
  inventory: sealedDocument,
  plainBytes: z.int().nonnegative(),
  sealedBytes: z.int().nonnegative(),
  objects: z.int().nonnegative(),
  /** Counts the tenant's records from 1; with `previous` it makes withholding show. */
  counter: z.int().positive(),
  previous: z.object({ backup: backupId, sha256: sha256Hex }).nullable(),
  host: z.string(),
});
export type BackupRecord = z.infer<typeof backupRecord>;

/**
 * A line of `inventory.zst`; the first line is `inventoryHeader`, the rest are sorted by key.
 * Names every chunk, the manifest and the key objects of the generation; not itself, nor the record.
 */
export const inventoryLine = z.object({
  key: objectKey,
  bytes: z.int().nonnegative(),
  sha256: sha256Hex,
  lockedUntil: instant.optional(),
});
export type InventoryLine = z.infer<typeof inventoryLine>;

export const inventoryHeader = z.object({
  format: format("holdfast-inventory"),
  tenant: tenantId,
  backup: backupId,
});

/** `proofs/<backup>/<time>-<store>.jws`: purpose `proof`. */
export const proof = z.object({
  format: format("holdfast-proof"),
  tenant: tenantId,
  backup: backupId,
  store: storeName,
  storeId: z.string(),
  /** SHA-256 of the bytes of `record.jws` in that store. */
  record: sha256Hex,
  verdict,
  at: instant,
  seconds: z.number().nonnegative(),
  host: z.string(),
  version: z.string(),
  /** SQLSTATE at most; names and values are in the sealed detail. */
  checks: z.array(
    z.object({ name: checkName, outcome, compared: z.int().nonnegative(), sqlState: z.string().optional() }),
  ),
  /** How many things the backup or this proof left out; the sealed detail names them. */
  excluded: z.int().nonnegative(),
  detail: sealedDocument,
  /** Objects of this copy found absent or altered; they count as absent in this store until healed. More than a proof can name go into findings. */
  damaged: z.array(objectKey),
  /**
   * Chunks that hold another plaintext than they are named for, or none, though their bytes are those of the inventory:
   * whoever sealed them lied. They are alike in every store, no scrub sees it and none of them is ever reused.
   */
  misnamed: z.array(objectKey).optional(),
});
export type Proof = z.infer<typeof proof>;

/** `condemned/<time>.jws`: purpose `removal`. A key named here is dead for ever. */
export const condemnedList = z.object({
  format: format("holdfast-condemned"),
  tenant: tenantId,
  at: instant,
  keys: z.array(objectKey),
});
export type CondemnedList = z.infer<typeof condemnedList>;

/** `erased.jws`: purpose `removal`. No backup, replicate or heal happens under this id any more. */
export const tombstone = z.object({
  format: format("holdfast-erased"),
  tenant: tenantId,
  at: instant,
});

/**
 * `findings/<time>-<store>.jws`: purpose `proof`. What a scrub found damaged in a store, and what a heal
 * made whole there again; for every key the newest statement holds. Damaged keys count as absent.
 */
export const findingsList = z.object({
  format: format("holdfast-findings"),
  tenant: tenantId,
  store: storeName,
  storeId: z.string(),
  at: instant,
  host: z.string(),
  damaged: z.array(objectKey),
  healed: z.array(objectKey),
  /** As in a proof; the rest of one that found more than it can name. */
  misnamed: z.array(objectKey).optional(),
});
export type FindingsList = z.infer<typeof findingsList>;

/**
 * `holds/<hold>.jws`: purpose `removal`. Nothing that is held is removed, whatever retention says. It lies
 * in the stores, since a catalog that is lost must not lift a hold.
 */
export const holdStatement = z.object({
  format: format("holdfast-hold"),
  tenant: tenantId,
  hold: holdId,
  /** Null: every backup of the tenant. */
  backup: backupId.nullable(),
  reason: z.string().min(1),
  at: instant,
  host: z.string(),
});
export type HoldStatement = z.infer<typeof holdStatement>;

/** `holds/<hold>.released.jws`: purpose `removal`. */
export const holdRelease = z.object({
  format: format("holdfast-release"),
  tenant: tenantId,
  hold: holdId,
  reason: z.string().min(1),
  at: instant,
  host: z.string(),
});
export type HoldRelease = z.infer<typeof holdRelease>;
