import type { Waiting } from "../base/waiting.ts";
import type { BackupId, TenantId } from "../model/ids.ts";
import { backupsPrefix, parseRecordKey } from "../model/layout.ts";
import { askEach } from "../repository/library.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Desk } from "./desk.ts";
import type { Talk } from "./talk.ts";

/** A tenant's backups but those that its own stores hold, which are none where nothing is said of them. */
interface Sought {
  readonly tenant: TenantId;
  readonly held?: ReadonlySet<BackupId>;
}

/**
 * Whoever gives a tenant other stores, or puts one in front from which its plan takes the first two, leaves backups in
 * stores of the configuration that nothing looks into any more: an empty list would pass for their loss, nothing carries
 * them anywhere, and no retention ends them. They are not read by themselves, since residency may be why they were left.
 * True where there was something to tell; of a tenant that is not configured every store is looked into.
 */
export async function tellStoresBeside(
  desk: Pick<Desk, "config" | "stores">,
  { tenant, held = new Set() }: Sought,
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<boolean> {
  const own = desk.config.tenants.get(tenant)?.stores;
  if (own === undefined) return false;
  const others = [...desk.stores.values()].filter(({ name }) => !own.includes(name));
  const { answers } = await askEach(others, (store) => holdsOthers(store, { tenant, held }, wait), wait);
  const left = [...answers].filter(([, holds]) => holds).map(([name]) => name);
  if (left.length === 0) return false;
  const names = left.join(", ");
  const what = held.size === 0 ? "backups of it" : "backups of it that its own stores lack";
  talk.say(
    `warning: ${tenant}: ${what} lie in ${names}, which it is not to have by its plan or its \`stores\`, so nothing looks there`,
  );
  talk.say(
    `  hint: name ${names} under tenants.${tenant}.stores to restore from there; \`holdfast replicate ${tenant}\` then carries them to its other stores`,
  );
  return true;
}

async function holdsOthers(
  store: ObjectReader,
  { tenant, held }: Required<Sought>,
  wait: Waiting,
): Promise<boolean> {
  for await (const { key } of store.list(backupsPrefix(tenant), wait)) {
    const named = parseRecordKey(key);
    if (named !== null && !held.has(named.backup)) return true;
  }
  return false;
}
