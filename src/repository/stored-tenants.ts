/** Which tenants have anything in a store: known from the store alone, whatever the configuration says. */
import type { Waiting } from "../base/waiting.ts";
import { type ObjectKey, objectKey, tenantId, type TenantId } from "../model/ids.ts";
import { tenantPrefix, tenantsPrefix } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";

/** In the order of the store; asks for one key of each tenant, not for all. */
export async function* storedTenants(store: ObjectReader, wait: Waiting): AsyncGenerator<TenantId> {
  let after: ObjectKey | undefined;
  for (;;) {
    const key = await firstKey(store, after, wait);
    if (key === null) return;
    const named = tenantId.safeParse(key.split("/")[1]);
    if (named.success) yield named.data;
    after = behind(named.success ? tenantPrefix(named.data) : key);
  }
}

async function firstKey(
  store: ObjectReader,
  after: ObjectKey | undefined,
  wait: Waiting,
): Promise<ObjectKey | null> {
  for await (const { key } of store.list(tenantsPrefix, wait, after)) return key;
  return null;
}

/** A key that sorts behind all others that start so. */
function behind(prefix: string): ObjectKey {
  return objectKey.parse(prefix.endsWith("/") ? `${prefix}${"z".repeat(32)}` : prefix);
}
