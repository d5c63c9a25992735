import type { Waiting } from "../base/waiting.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { backupsPrefix, parseRecordKey } from "../model/layout.ts";
import { askEach } from "../repository/library.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Desk } from "./desk.ts";
import type { Talk } from "./talk.ts";

/**
 * To be asked where a tenant has no backup that will do. Whoever gives it other stores, or puts one in front from which
 * its plan takes the first two, leaves backups in stores of the configuration that nothing looks into any more: an empty
 * list would pass for their loss. They are not read by themselves, since residency may be why they were left.
 */
export async function tellStoresBeside(
  desk: Pick<Desk, "config" | "stores">,
  tenant: TenantId,
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<void> {
  // Of a tenant that is not configured every store is looked into.
  const own = desk.config.tenants.get(tenant)?.stores;
  if (own === undefined) return;
  const others = [...desk.stores.values()].filter(({ name }) => !own.includes(name));
  const { answers } = await askEach(others, (store) => holdsRecords(tenant, store, wait), wait);
  const holding: readonly StoreName[] = [...answers].flatMap(([name, holds]) => (holds ? [name] : []));
  if (holding.length === 0) return;
  talk.say(
    `warning: ${tenant}: backups of it lie in ${holding.join(", ")}, which it is not to have by its plan or its \`stores\`, so nothing looks there`,
  );
  talk.say(
    `  hint: name ${holding.join(", ")} under tenants.${tenant}.stores to restore from there; \`holdfast replicate ${tenant}\` then carries them to its other stores`,
  );
}

async function holdsRecords(tenant: TenantId, store: ObjectReader, wait: Waiting): Promise<boolean> {
  for await (const { key } of store.list(backupsPrefix(tenant), wait)) {
    if (parseRecordKey(key) !== null) return true;
  }
  return false;
}
