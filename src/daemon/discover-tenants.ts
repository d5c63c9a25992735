import type { Waiting } from "../base/waiting.ts";
import { tenantTerms } from "../desk/tenant-terms.ts";
import type { Shop } from "./shop.ts";

/** Asks the sources which tenants there are, and tells the catalog on what terms. */
export async function discoverTenants({ household, catalog, log }: Shop, wait: Waiting): Promise<void> {
  const found = await household.discover(wait);
  for (const tenant of found.came) log.info("tenant came", { tenant });
  for (const tenant of found.went) log.warn("tenant went", { tenant });
  for (const { source, database, reason } of found.refused)
    log.warn("database is no tenant", { source, database, reason });
  for (const { source, failure } of found.unreachable)
    log.warn("source could not be asked, its tenants stay", { source, error: failure });
  // Who is not known to be gone still stands as he stood.
  if (!household.isSure()) return;
  const choices = await catalog.choices.all(wait);
  const terms = Array.from(household.current().tenants.values(), (one) =>
    tenantTerms(one, choices.get(one.id) ?? null),
  );
  await catalog.index.setTenants(terms, wait);
}
