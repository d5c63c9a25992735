/** Reading a tenant's records: which backups a store says it has, and which of them to believe. */
import { eachAtOnce } from "../base/limit.ts";
import type { Sha256 } from "../base/digest.ts";
import { compactUtc } from "../base/clock.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type BackupRecord, backupRecord } from "../model/documents.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
import { backupsPrefix, parseRecordKey, recordKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { isFromFuture } from "./clocks.ts";
import type { Library } from "./library.ts";
import { type BadReason, readSigned, type SignedForm } from "./signed.ts";

/**
 * `good`: signed by someone trusted for records, under its own path, of a version we know.
 * `suspect`: anything else; never latest, never counted, yet never overlooked: it may be the work of
 * a newer Holdfast or of a signer that was rotated out, and its objects stay protected.
 */
export type StoredRecord =
  | {
      readonly standing: "good";
      readonly store: StoreName;
      readonly backup: BackupId;
      readonly record: BackupRecord;
      /** Of the bytes of `record.jws`. */
      readonly sha256: Sha256;
    }
  | {
      readonly standing: "suspect";
      readonly store: StoreName;
      readonly backup: BackupId;
      readonly reason: SuspectReason;
      readonly detail: string;
      /** Where the signature is trusted and only the time is not. */
      readonly record: BackupRecord | null;
      readonly sha256: Sha256 | null;
    };

export type SuspectReason = BadReason | "future";

export type GoodRecord = Extract<StoredRecord, { readonly standing: "good" }>;

/** Of one store. */
export const readsAtOnce = 8;

/** Every record of the tenant in one store, oldest recovery point first. */
export async function readRecords(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly StoredRecord[]> {
  return readNewRecords({ tenant, seen: [] }, store, library, wait);
}

/** The same; records are immutable, so those in `seen` are not read again. */
export async function readNewRecords(
  { tenant, seen }: { readonly tenant: TenantId; readonly seen: readonly StoredRecord[] },
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly StoredRecord[]> {
  const known = new Map(seen.filter(isGood).map((one) => [one.backup, one]));
  const found = new Map<BackupId, StoredRecord>();
  const unread: BackupId[] = [];
  for (const backup of await listRecords(tenant, store, wait)) {
    const before = known.get(backup);
    if (before === undefined) unread.push(backup);
    else found.set(backup, before);
  }
  await eachAtOnce(unread, readsAtOnce, async (backup) => {
    const one = await readRecord({ tenant, backup }, store, library, wait);
    if (one !== null) found.set(backup, one);
  });
  return [...found.values()].toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
}

/** Every record that came to a store after it `listed` those; in no order. */
export async function readLaterRecords(
  { tenant, listed }: { readonly tenant: TenantId; readonly listed: ReadonlySet<BackupId> },
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly StoredRecord[]> {
  const found: StoredRecord[] = [];
  const later = (await listRecords(tenant, store, wait)).filter((backup) => !listed.has(backup));
  await eachAtOnce(later, readsAtOnce, async (backup) => {
    const one = await readRecord({ tenant, backup }, store, library, wait);
    if (one !== null) found.push(one);
  });
  return found;
}

/** Backups of which the store shows a record, whatever it is worth. */
export async function listRecords(
  tenant: TenantId,
  store: Pick<ObjectReader, "list">,
  wait: Waiting,
): Promise<BackupId[]> {
  const listed: BackupId[] = [];
  for await (const { key } of store.list(backupsPrefix(tenant), wait)) {
    const at = parseRecordKey(key);
    if (at !== null) listed.push(at.backup);
  }
  return listed;
}

/** One record; null when the store has none. */
export async function readRecord(
  { tenant, backup }: { readonly tenant: TenantId; readonly backup: BackupId },
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<StoredRecord | null> {
  const form = recordForm(tenant, backup, library);
  try {
    const reading = await readSigned(store, recordKey(tenant, backup), form, wait);
    const here = { store: store.name, backup, sha256: reading.sha256 };
    if (reading.kind === "bad") {
      return { ...here, standing: "suspect", reason: reading.reason, detail: reading.detail, record: null };
    }
    const { document: record } = reading;
    if (
      isFromFuture(record.at, library.clock.now()) ||
      isFromFuture(record.finishedAt, library.clock.now())
    ) {
      const detail = "its time lies in the future";
      return { ...here, standing: "suspect", reason: "future", detail, record };
    }
    return { standing: "good", store: store.name, backup, record, sha256: reading.sha256 };
  } catch (error) {
    if (isFailure(error, "store/absent")) return null;
    throw error;
  }
}

export function isGood(one: StoredRecord): one is GoodRecord {
  return one.standing === "good";
}

/** The highest key generation that signed records name, those from the future included; 0 when there is none. */
export function highestNamed(records: readonly StoredRecord[]): number {
  return records.reduce((highest, { record }) => Math.max(highest, record?.keyGeneration ?? 0), 0);
}

function recordForm(
  tenant: TenantId,
  backup: BackupId,
  { trust }: Pick<Library, "trust">,
): SignedForm<BackupRecord> {
  return {
    purpose: "record",
    schema: backupRecord,
    trust,
    misplaced: (record) => {
      if (record.tenant !== tenant) return `it is a record of tenant ${record.tenant}`;
      if (record.backup !== backup) return `it is the record of ${record.backup}`;
      // The id sorts backups by recovery point, so it must not say another time than the record.
      if (!backup.startsWith(`${compactUtc(new Date(record.at))}-`))
        return `its time, ${record.at}, is not that of its id`;
      return null;
    },
  };
}
