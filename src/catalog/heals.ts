/** Which copies want healing, and which a proof after they were healed: what the index shows, and what history says was done since. */
import { type RawBuilder, sql } from "kysely";
import { backupId, type StoreName, storeName, type TenantId, tenantId } from "../model/ids.ts";
import type { ProofDue } from "./catalog.ts";
import { aClockAhead } from "./clock-ahead.ts";
import type { Db } from "./tables.ts";

/**
 * A heal that did not mend a copy is tried again a day later: a store that was away may be back, and looking
 * at every object of a refuted copy is not for every few minutes.
 */
export async function healsDue(
  db: Db,
  limit: number,
): Promise<readonly { readonly tenant: TenantId; readonly store: StoreName }[]> {
  const { rows } = await sql<{ tenant: string; store: string }>`
    select tenant, store from (
      select distinct c.tenant, c.store
      from ${badCopies()}
      left join holdfast.scrubbed d on d.tenant = c.tenant and d.store = c.store
      where not exists (
        select from holdfast.run r
        where r.tenant = c.tenant and r.verb = 'heal' and r.facts ->> 'store' = c.store
          and r.ended_at > now() - interval '1 day' and r.ended_at < ${aClockAhead}
          and r.started_at > greatest(case when c.verdict = 'refuted' then c.proved_at end,
                                      case when c.state = 'damaged' then d.at end, '-infinity'))) due
    order by random() limit ${limit}`.execute(db);
  return rows.map((row) => ({ tenant: tenantId.parse(row.tenant), store: storeName.parse(row.store) }));
}

/** Where a heal found nothing to mend, another proof would only say the same again. */
export async function healedUnproven(db: Db, limit: number): Promise<readonly Omit<ProofDue, "dueAt">[]> {
  const { rows } = await sql<{ tenant: string; backup: string; store: string }>`
    select c.tenant, c.backup, c.store
    from ${badCopies()}
    where c.state = 'present' and c.verdict = 'refuted' and exists (
      select from holdfast.run r
      where r.tenant = c.tenant and r.verb = 'heal' and r.facts ->> 'store' = c.store
        and r.started_at > c.proved_at and (r.facts ->> 'healed')::bigint > 0)
    order by random() limit ${limit}`.execute(db);
  return rows.map((row) => ({
    tenant: tenantId.parse(row.tenant),
    backup: backupId.parse(row.backup),
    store: storeName.parse(row.store),
  }));
}

/** Of backups that are believed, in stores that the plan names. */
function badCopies(): RawBuilder<unknown> {
  return sql`holdfast.copy c
    join holdfast.backup b on b.tenant = c.tenant and b.backup = c.backup and not b.suspect
    join holdfast.terms t on t.tenant = c.tenant and c.store = any(t.stores)
      and (c.state = 'damaged' or c.verdict = 'refuted')`;
}
