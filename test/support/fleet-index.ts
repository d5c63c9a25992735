/** A whole fleet in a catalog's index, made by the server itself: many tenants, several plans, every state of a copy. */
import type { TenantTerms } from "../../src/catalog/catalog.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { psql, testWait } from "./postgres-server.ts";

const dayMs = 86_400_000;

/** Tenant `number` is called so in `fillFleet` too. Three plans in turn. */
export function fleetTerms(tenants: number): readonly TenantTerms[] {
  const stores = ["one", "two"].map((name) => storeName.parse(name));
  return Array.from({ length: tenants }, (_, number) => ({
    tenant: tenantId.parse(`tenant-${String(number + 1)}`),
    quorum: 1,
    copiesRequired: 2,
    stores,
    expectedIntervalMs: dayMs,
    recoveryPointMs: dayMs,
    recoveryTimeMs: dayMs / 6,
    proveWithinMs: ([7, 3, 1][number % 3] ?? 1) * dayMs,
    proveAgainMs: number % 3 === 0 ? null : 30 * dayMs,
    scrubWithinMs: (30 + (number % 3)) * dayMs,
  }));
}

/**
 * `copiesEach` copies of every tenant, half of them in each of two stores, one backup a day, and two days of history.
 * Nine of ten copies are proven, a few are missing, damaged or refuted; the newest are unproven. `setTenants`
 * comes after.
 */
export async function fillFleet(
  server: PrivateServer,
  database: string,
  { tenants, copiesEach }: { readonly tenants: number; readonly copiesEach: number },
): Promise<void> {
  const all = `generate_series(1, ${String(tenants)}) as t, generate_series(1, ${String(copiesEach / 2)}) as b`;
  const at = "date_trunc('day', now()) - b * interval '1 day' + t * interval '7 s'";
  const id = `to_char(${at}, 'YYYYMMDD"T"HH24MISS"Z"') || '-aaaaaa'`;
  await psql(
    server,
    database,
    `set timezone = 'UTC';
     insert into holdfast.refreshed select 'tenant-' || t, now() - t * interval '1 s'
       from generate_series(1, ${String(tenants)}) as t;
     insert into holdfast.pruned select 'tenant-' || t, now() - t * interval '1 min', 'done'
       from generate_series(1, ${String(tenants)}) as t;
     insert into holdfast.run (tenant, verb, kind, host, started_at, ended_at, result, facts)
       select 'tenant-' || t, verb, null, 'one', now() - r * interval '5 h', now() - r * interval '5 h', 'done', '{}'
       from generate_series(1, ${String(tenants)}) as t, generate_series(1, 10) as r,
            (values ('backup'), ('verify'), ('replicate')) as v (verb) where verb <> 'replicate' or (t + r) % 7 = 0;
     insert into holdfast.backup
       select 'tenant-' || t, ${id}, case when b % 7 = 0 then 'weekly' else 'daily' end, ${at}, ${at} + interval '1 min',
              1000000, 500000, (t + b) % 1009 = 0 from ${all};
     insert into holdfast.copy (tenant, backup, store, state, verdict, proved_at)
       select 'tenant-' || t, ${id}, store,
              case when (t + b) % 97 = 0 and store = 'two' then 'missing' when (t + b) % 991 = 0 then 'damaged' else 'present' end,
              case when b < 3 or (t + b) % 97 = 0 then null when (t * b) % 1999 = 0 then 'refuted' else 'proven' end,
              case when b < 3 or (t + b) % 97 = 0 then null else ${at} + interval '6 h' end
       from ${all}, (values ('one'), ('two')) as s (store);
     insert into holdfast.shelf (tenant, store, since)
       select 'tenant-' || t, store, now() - (t % 40) * interval '1 day'
       from generate_series(1, ${String(tenants)}) as t, (values ('one'), ('two')) as s (store);
     vacuum analyze`,
    testWait(1_200_000),
  );
}
