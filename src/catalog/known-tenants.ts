/** Who is looked after, by the terms that hosts give. */
import { sql } from "kysely";
import { type TenantId, tenantId } from "../model/ids.ts";
import type { Db } from "./tables.ts";

export async function knownAmong(db: Db, tenants: readonly TenantId[]): Promise<ReadonlySet<TenantId>> {
  if (tenants.length === 0) return new Set();
  const { rows } = await sql<{ tenant: string }>`
    select tenant from holdfast.terms where tenant = any(${tenants}::text[])`.execute(db);
  return new Set(rows.map(({ tenant }) => tenantId.parse(tenant)));
}

/** One that is missed by a host that ought to have it is told at once, though its terms are kept for a while. */
export async function goneTenants(db: Db): Promise<readonly TenantId[]> {
  const { rows } = await sql<{ tenant: string }>`
    select r.tenant from holdfast.refreshed r
    where (not exists (select from holdfast.terms t where t.tenant = r.tenant)
        or exists (select from holdfast.absent a where a.tenant = r.tenant))
      and exists (select from holdfast.backup b where b.tenant = r.tenant)
    order by r.tenant`.execute(db);
  return rows.map(({ tenant }) => tenantId.parse(tenant));
}
