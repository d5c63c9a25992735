/** From the configuration to what the verb `heal` is told. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { StoreName } from "../model/ids.ts";
import { heal } from "../replication/heal.ts";
import type { HealReport } from "../replication/heal-report.ts";
import type { VerifyReport } from "../verify/report.ts";
import type { Desk } from "./desk.ts";
import { hostKeys } from "./host-keys.ts";
import { replicationDesk } from "./replicate-orders.ts";
import type { Talk } from "./talk.ts";
import { shelvesOf } from "./tenant-shelves.ts";
import { verifyTenant } from "./verify-orders.ts";

/** "usage/invalid" where the tenant has no such store. Throws as `heal` does. */
export async function healTenant(
  desk: Desk,
  tenant: Tenant,
  store: StoreName,
  talk: Talk,
  wait: Waiting,
): Promise<HealReport> {
  if (!tenant.stores.includes(store))
    throw new Failure(
      "usage/invalid",
      `${tenant.id} has no store ${store}; it has ${tenant.stores.join(", ")}`,
    );
  using bar = talk.progress(`${tenant.id} heal ${store}`, null);
  const order = { tenant: tenant.id, store, menders: shelvesOf(desk, tenant) };
  const report = await heal(order, await replicationDesk(desk), (bytes) => bar.advance(bytes), wait);
  for (const one of report.down)
    talk.say(`warning: ${tenant.id}: ${one.store} was not asked: ${one.failure.message}`);
  for (const note of report.notes) talk.say(`warning: ${tenant.id}: ${store}: ${note}`);
  return report;
}

/**
 * Proves the copies that a heal touched, where this host is a verifier; elsewhere it says that their
 * proofs are still to come.
 */
export async function proveHealed(
  desk: Desk,
  tenant: Tenant,
  { store, backups }: HealReport,
  talk: Talk,
  wait: Waiting,
): Promise<readonly VerifyReport[]> {
  if (backups.length === 0) return [];
  const { identity } = await hostKeys(desk.config);
  if (identity?.roles.includes("verifier") !== true) {
    talk.say(
      `${tenant.id}: the proof of what was healed in ${store} is still to come: this host is no verifier`,
    );
    return [];
  }
  const reports: VerifyReport[] = [];
  for (const backup of backups)
    reports.push(...(await verifyTenant(desk, tenant, { backup, store }, talk, wait)));
  return reports;
}
