import type { Waiting } from "../base/waiting.ts";
import { tenantTerms } from "../desk/tenant-terms.ts";
import type { Shop } from "./shop.ts";

/** Asks the sources which tenants there are, and tells the catalog on what terms. */
export async function discoverTenants(shop: Shop, wait: Waiting): Promise<void> {
  const { household, catalog, log, tell, pace } = shop;
  const found = await household.discover(wait);
  for (const tenant of found.came) log.info("tenant came", { tenant });
  for (const tenant of found.went) log.warn("tenant went", { tenant });
  for (const { source, database, reason } of found.refused)
    log.warn("database is no tenant", { source, database, reason });
  for (const { source, failure } of found.unreachable)
    log.warn("source could not be asked, its tenants stay", { source, error: failure });
  const { config, tenants } = household.current();
  const asked = [...new Set(config.discover.map(({ source }) => source.name))];
  const silent = new Set(found.unreachable.map(({ source }) => source));
  tell({
    kind: "discovered",
    answered: asked.filter((name) => !silent.has(name)),
    silent: asked.filter((name) => silent.has(name)),
  });
  const choices = await catalog.choices.all(wait, (tenant) => {
    log.warn("choice of schedule cannot be read, the plan alone holds", { tenant });
  });
  const terms = Array.from(tenants.values(), (one) => tenantTerms(one, choices.get(one.id) ?? null));
  // Who is not known to be gone still stands as he stood, and nobody waits with what is known for a source that is away.
  await catalog.index.setTenants(terms, wait, household.isSure() ? pace.goneAfterMs : null);
}
