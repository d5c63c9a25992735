import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { BackupId, StoreName, TenantId } from "../model/ids.ts";
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
  const own = desk.config.tenants.get(tenant)?.stores;
  if (own !== undefined) await tellBeside(desk, { tenant, own, held: new Set() }, talk, wait);
}

/**
 * As `tellStoresBeside`, of backups that none of the tenant's own stores lists, whatever else they hold: what is left
 * behind is carried nowhere, and no retention ends it. True where it is all that there is of the tenant.
 */
export async function tellLeftBeside(
  desk: Pick<Desk, "config" | "stores">,
  { id, stores }: Pick<Tenant, "id" | "stores">,
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<boolean> {
  // Of a tenant that is not configured every store is looked into.
  if (!desk.config.tenants.has(id)) return false;
  const listed = await recordsIn(desk, (name) => stores.includes(name), id, wait);
  const held = new Set([...listed.values()].flat());
  return (await tellBeside(desk, { tenant: id, own: stores, held }, talk, wait)) && held.size === 0;
}

interface Beside {
  readonly tenant: TenantId;
  readonly own: readonly StoreName[];
  /** Of these it is not asked where else they lie. */
  readonly held: ReadonlySet<BackupId>;
}

async function tellBeside(
  desk: Pick<Desk, "stores">,
  { tenant, own, held }: Beside,
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<boolean> {
  const others = await recordsIn(desk, (name) => !own.includes(name), tenant, wait);
  const left = [...others].filter(([, backups]) => backups.some((backup) => !held.has(backup)));
  if (left.length === 0) return false;
  const names = left.map(([name]) => name).join(", ");
  const what = held.size === 0 ? "backups of it" : "backups of it that its own stores lack";
  talk.say(
    `warning: ${tenant}: ${what} lie in ${names}, which it is not to have by its plan or its \`stores\`, so nothing looks there`,
  );
  talk.say(
    `  hint: name ${names} under tenants.${tenant}.stores to restore from there; \`holdfast replicate ${tenant}\` then carries them to its other stores`,
  );
  return true;
}

/** Of every store that is to be looked into and answers, the backups it lists. */
async function recordsIn(
  desk: Pick<Desk, "stores">,
  isAsked: (name: StoreName) => boolean,
  tenant: TenantId,
  wait: Waiting,
): Promise<ReadonlyMap<StoreName, readonly BackupId[]>> {
  const stores = [...desk.stores.values()].filter(({ name }) => isAsked(name));
  return (await askEach(stores, (store) => recordedBackups(tenant, store, wait), wait)).answers;
}

async function recordedBackups(tenant: TenantId, store: ObjectReader, wait: Waiting): Promise<BackupId[]> {
  const backups: BackupId[] = [];
  for await (const { key } of store.list(backupsPrefix(tenant), wait)) {
    const named = parseRecordKey(key);
    if (named !== null) backups.push(named.backup);
  }
  return backups;
}
