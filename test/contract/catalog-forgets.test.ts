/** The catalog does not grow with tenants that came and went, and forgets nobody of whom something is left. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { storeName, type TenantId, tenantId } from "../../src/model/ids.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { psql, testWait } from "../support/postgres-server.ts";

const wait = testWait();
const one = storeName.parse("one");
const tenants = [
  tenantId.parse("acme"),
  tenantId.parse("bravo"),
  tenantId.parse("lately"),
  tenantId.parse("longago"),
  tenantId.parse("unheard"),
] as const;
const dayMs = 86_400_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * dayMs);

let catalogs: CatalogServer;
beforeAll(async () => {
  catalogs = await startCatalogServer();
});
afterAll(async () => {
  await catalogs[Symbol.asyncDispose]();
});

it("forgets tenants that are gone without a backup, and keeps those that are known, lately gone, or in a store", async () => {
  const address = await catalogs.fresh();
  await using catalog = await connectTo(address);
  const { index, choices, slots, history } = catalog;
  const [acme, bravo, lately, longago, unheard] = tenants;
  const heard = async (tenant: TenantId, at: Date): Promise<void> => {
    await index.noteScrub(tenant, one, at, wait);
    await index.refresh(tenant, { backups: [], asked: [one], at }, wait);
    const slot = {
      tenant,
      kind: "daily",
      key: `${tenant} ${at.toISOString()}`,
      at: at.toISOString(),
    } as const;
    await slots.handOut([slot], at, async () => undefined, wait);
  };
  const ask = (sql: string): Promise<string> => psql(catalogs.server, address.database, sql);
  for (const tenant of [acme, bravo, lately, longago, unheard])
    await choices.set(tenant, { kind: "every", everyMs: 3_600_000 }, wait);
  for (const tenant of [acme, bravo, longago]) await heard(tenant, daysAgo(500));
  await heard(lately, daysAgo(300));
  await ask(
    `insert into holdfast.backup values ('bravo', '20241121T013000Z-k7f3qa', 'daily', now(), now(), 1, 1, false)`,
  );
  const terms = { quorum: 1, copiesRequired: 1, stores: [one], expectedIntervalMs: null, recoveryPointMs: 1 };
  const asks = { recoveryTimeMs: 1, proveWithinMs: dayMs, proveAgainMs: null, scrubWithinMs: dayMs };
  await index.setTenants([{ tenant: acme, ...terms, ...asks }], wait);
  await history.forget(daysAgo(400), wait);
  expect(Array.from((await choices.all(wait)).keys()).toSorted()).toEqual([
    "acme",
    "bravo",
    "lately",
    "unheard",
  ]);
  for (const table of ["refreshed", "scrubbed", "newest_slot"])
    expect(await ask(`select string_agg(distinct tenant, ' ' order by tenant) from holdfast.${table}`)).toBe(
      "acme bravo lately",
    );
});
