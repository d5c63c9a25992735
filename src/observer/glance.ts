/** A cheap look at a tenant: has anything but its chunks changed in a store since the last thorough one? */
import { createHash } from "node:crypto";
import type { Waiting } from "../base/waiting.ts";
import { type ObjectKey, objectKey, type TenantId } from "../model/ids.ts";
import { backupsPrefix, tenantPrefix } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";

/**
 * A digest over keys, sizes and times of all documents of the tenant in one store. Chunks are passed over:
 * there may be a million, and none comes or goes without a record or a list of condemned keys.
 */
export async function glance(tenant: TenantId, store: ObjectReader, wait: Waiting): Promise<string> {
  const digest = createHash("sha256");
  for (const { prefix, after } of aroundChunks(tenant)) {
    for await (const { key, bytes, modifiedAt } of store.list(prefix, wait, after))
      digest.update(`${key} ${String(bytes)} ${String(modifiedAt.getTime())}\n`);
  }
  return digest.digest("hex");
}

/** Where documents lie, in key order: backups before the chunks, everything else behind them. */
export function aroundChunks(
  tenant: TenantId,
): readonly { readonly prefix: string; readonly after?: ObjectKey }[] {
  const behindChunks = objectKey.parse(`${tenantPrefix(tenant)}chunks/${"z".repeat(32)}`);
  return [{ prefix: backupsPrefix(tenant) }, { prefix: tenantPrefix(tenant), after: behindChunks }];
}
