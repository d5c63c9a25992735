/** Where things lie in a store (design, section 6). The only place that joins or splits object keys. */
import { compactUtc } from "../base/clock.ts";
import type { Sha256 } from "../base/digest.ts";
import {
  type BackupId,
  backupId,
  type HoldId,
  holdId,
  type ObjectKey,
  objectKey,
  type StoreName,
  storeName,
  type TenantId,
  tenantId,
} from "./ids.ts";

export const descriptorKey: ObjectKey = objectKey.parse("holdfast.json");
export const tenantsPrefix = "tenants/";

/** What we join is a key by construction; a name that slipped past its schema would be told here. */
function keyAt(path: string): ObjectKey {
  return objectKey.parse(path);
}

/** 64 hex digits of HMAC-SHA-256 over the plaintext of a chunk. */
export type ChunkName = string;

export interface ChunkAddress {
  readonly generation: number;
  readonly name: ChunkName;
  /** SHA-256 of the sealed bytes. */
  readonly digest: Sha256;
}

export function tenantPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/`;
}

export function chunksPrefix(tenant: TenantId, generation: number): string {
  return `tenants/${tenant}/chunks/${String(generation)}/`;
}

export function chunkKey(tenant: TenantId, { generation, name, digest }: ChunkAddress): ObjectKey {
  return keyAt(`${chunksPrefix(tenant, generation)}${name.slice(0, 2)}/${name}-${digest}`);
}

const chunkPattern =
  /^tenants\/([a-z0-9-]+)\/chunks\/([1-9]\d*)\/([0-9a-f]{2})\/(\3[0-9a-f]{62})-([0-9a-f]{64})$/;

/** `null` when the key is not that of a chunk. */
export function parseChunkKey(key: string): (ChunkAddress & { readonly tenant: TenantId }) | null {
  const [, tenant, generation, , name, digest] = chunkPattern.exec(key) ?? [];
  const owner = tenantId.safeParse(tenant);
  if (!owner.success || generation === undefined || name === undefined || digest === undefined) return null;
  return { tenant: owner.data, generation: Number(generation), name, digest };
}

export function backupsPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/backups/`;
}

export function manifestKey(tenant: TenantId, backup: BackupId): ObjectKey {
  return keyAt(`${backupsPrefix(tenant)}${backup}/manifest.age`);
}

export function inventoryKey(tenant: TenantId, backup: BackupId): ObjectKey {
  return keyAt(`${backupsPrefix(tenant)}${backup}/inventory.zst`);
}

export function recordKey(tenant: TenantId, backup: BackupId): ObjectKey {
  return keyAt(`${backupsPrefix(tenant)}${backup}/record.jws`);
}

/** The backup of a manifest or an inventory; `null` for any other key. */
export function parseDocumentKey(
  key: string,
): { readonly tenant: TenantId; readonly backup: BackupId } | null {
  const [, tenant, backup] =
    /^tenants\/([a-z0-9-]+)\/backups\/([^/]+)\/(?:manifest\.age|inventory\.zst)$/.exec(key) ?? [];
  const owner = tenantId.safeParse(tenant);
  const id = backupId.safeParse(backup);
  return owner.success && id.success ? { tenant: owner.data, backup: id.data } : null;
}

/** `null` when the key is not that of a record. */
export function parseRecordKey(key: string): { readonly tenant: TenantId; readonly backup: BackupId } | null {
  const [, tenant, backup] = /^tenants\/([a-z0-9-]+)\/backups\/([^/]+)\/record\.jws$/.exec(key) ?? [];
  const owner = tenantId.safeParse(tenant);
  const id = backupId.safeParse(backup);
  return owner.success && id.success ? { tenant: owner.data, backup: id.data } : null;
}

export function proofsPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/proofs/`;
}

export interface ProofAddress {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly store: StoreName;
  readonly at: Date;
}

export function proofKey({ tenant, backup, store, at }: ProofAddress): ObjectKey {
  return keyAt(`${proofsPrefix(tenant)}${backup}/${compactUtc(at)}-${store}.jws`);
}

export function proofDetailKey({ tenant, backup, store, at }: ProofAddress): ObjectKey {
  return keyAt(`${proofsPrefix(tenant)}${backup}/${compactUtc(at)}-${store}.detail.age`);
}

interface ParsedProofKey {
  readonly tenant: TenantId;
  readonly backup: BackupId;
  readonly store: StoreName;
  /** As it stands in the path, `20261121T013000Z`. */
  readonly at: string;
}

/** `null` when the key is not that of a proof. */
export function parseProofKey(key: string): ParsedProofKey | null {
  const [, tenant, backup, at, store] =
    /^tenants\/([a-z0-9-]+)\/proofs\/([^/]+)\/(\d{8}T\d{6}Z)-([a-z0-9-]+)\.jws$/.exec(key) ?? [];
  const owner = tenantId.safeParse(tenant);
  const id = backupId.safeParse(backup);
  const place = storeName.safeParse(store);
  if (!owner.success || !id.success || !place.success || at === undefined) return null;
  return { tenant: owner.data, backup: id.data, store: place.data, at };
}

export function keysPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/keys/`;
}

export interface KeySetKeys {
  /** The signed statement, written last of the three. */
  readonly statement: ObjectKey;
  readonly identity: ObjectKey;
  readonly id: ObjectKey;
}

export function keySetKeys(tenant: TenantId, generation: number): KeySetKeys {
  const stem = `${keysPrefix(tenant)}${String(generation)}`;
  return {
    statement: keyAt(`${stem}.jws`),
    identity: keyAt(`${stem}.identity.age`),
    id: keyAt(`${stem}.id.age`),
  };
}

/** The generation of a key set's statement; `null` for any other key. */
export function parseKeyStatementKey(key: string): number | null {
  const [, generation] = /^tenants\/[a-z0-9-]+\/keys\/([1-9]\d*)\.jws$/.exec(key) ?? [];
  return generation === undefined ? null : Number(generation);
}

export function condemnedPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/condemned/`;
}

/** Two lists within a second would want the same key; the one who comes second takes the next second. */
export function condemnedKey(tenant: TenantId, at: Date): ObjectKey {
  return keyAt(`${condemnedPrefix(tenant)}${compactUtc(at)}.jws`);
}

/** A list of records that a prune removes; it tells why others name a predecessor that is not there. */
export function condemnedRecordsKey(tenant: TenantId, at: Date): ObjectKey {
  return keyAt(`${condemnedPrefix(tenant)}${compactUtc(at)}${recordsEnding}`);
}

const recordsEnding = "-records.jws";

export function isCondemnedRecordsKey(key: string): boolean {
  return key.endsWith(recordsEnding);
}

export function findingsPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/findings/`;
}

export function findingsKey(tenant: TenantId, store: StoreName, at: Date): ObjectKey {
  return keyAt(`${findingsPrefix(tenant)}${compactUtc(at)}-${store}.jws`);
}

export function holdsPrefix(tenant: TenantId): string {
  return `tenants/${tenant}/holds/`;
}

export function holdKey(tenant: TenantId, hold: HoldId): ObjectKey {
  return keyAt(`${holdsPrefix(tenant)}${hold}.jws`);
}

export function holdReleaseKey(tenant: TenantId, hold: HoldId): ObjectKey {
  return keyAt(`${holdsPrefix(tenant)}${hold}.released.jws`);
}

/** `null` when the key is neither that of a hold nor that of a release. */
export function parseHoldKey(
  key: string,
): { readonly tenant: TenantId; readonly hold: HoldId; readonly isRelease: boolean } | null {
  const [, tenant, hold, released] =
    /^tenants\/([a-z0-9-]+)\/holds\/([^/.]+)(\.released)?\.jws$/.exec(key) ?? [];
  const owner = tenantId.safeParse(tenant);
  const id = holdId.safeParse(hold);
  if (!owner.success || !id.success) return null;
  return { tenant: owner.data, hold: id.data, isRelease: released !== undefined };
}

export function erasedKey(tenant: TenantId): ObjectKey {
  return keyAt(`tenants/${tenant}/erased.jws`);
}
