import { z } from "zod";
import type { Chance } from "../base/chance.ts";
import { randomBase32 } from "../base/chance.ts";
import { compactUtc } from "../base/clock.ts";

/** Names that come from people; they become parts of paths, hence the narrow alphabet. */
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must match [a-z0-9][a-z0-9-]{0,62}");

export const tenantId = name.brand<"TenantId">();
export type TenantId = z.infer<typeof tenantId>;

export const storeName = name.brand<"StoreName">();
export type StoreName = z.infer<typeof storeName>;

export const sourceName = name.brand<"SourceName">();
export type SourceName = z.infer<typeof sourceName>;

export const planName = name.brand<"PlanName">();
export type PlanName = z.infer<typeof planName>;

/** `20261121T013000Z-k7f3qa`: the source's clock in the snapshot, then chance; sorts by recovery point. */
export const backupId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[a-z2-7]{6}$/, "must look like 20261121T013000Z-k7f3qa")
  .brand<"BackupId">();
export type BackupId = z.infer<typeof backupId>;

export function newBackupId(at: Date, chance: Chance): BackupId {
  return backupId.parse(`${compactUtc(at)}-${randomBase32(chance, 6)}`);
}

/** `20261121T013000Z-k7f3qa`: when the hold was laid, then chance. */
export const holdId = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[a-z2-7]{6}$/, "must look like 20261121T013000Z-k7f3qa")
  .brand<"HoldId">();
export type HoldId = z.infer<typeof holdId>;

export function newHoldId(at: Date, chance: Chance): HoldId {
  return holdId.parse(`${compactUtc(at)}-${randomBase32(chance, 6)}`);
}

/** A path in a store: segments of `[A-Za-z0-9._-]` that never start with a dot, joined by `/`. */
export const objectKey = z
  .string()
  .max(900)
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, "is not an object key")
  .brand<"ObjectKey">();
export type ObjectKey = z.infer<typeof objectKey>;

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in hex");

/** ISO 8601 in UTC. */
export const instant = z.iso.datetime();
