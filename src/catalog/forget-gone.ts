import { sql } from "kysely";
import { lockIndex } from "./index-locks.ts";
import type { Db } from "./tables.ts";

/**
 * Removes what is known of tenants that nobody has, of whom no store holds a backup as far as is known, and of whom
 * nothing was heard since `before`; their choices too. Where backups are left, they are the only sign that
 * there is something of the tenant, and stay. A choice for a tenant of whom nothing was ever heard stays.
 */
export async function forgetGone(db: Db, before: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    await sql`
      with heard as (
        select tenant, at from holdfast.refreshed union all select tenant, at from holdfast.scrubbed
        union all select tenant, at from holdfast.pruned union all select tenant, at from holdfast.newest_slot),
      gone as materialized (
        select tenant from heard h
        where not exists (select from holdfast.terms t where t.tenant = h.tenant)
          and not exists (select from holdfast.backup b where b.tenant = h.tenant)
        group by tenant having max(at) < ${before}),
      refreshed as (delete from holdfast.refreshed where tenant in (select tenant from gone)),
      scrubbed as (delete from holdfast.scrubbed where tenant in (select tenant from gone)),
      pruned as (delete from holdfast.pruned where tenant in (select tenant from gone)),
      shelf as (delete from holdfast.shelf where tenant in (select tenant from gone)),
      slot as (delete from holdfast.newest_slot where tenant in (select tenant from gone))
      delete from holdfast.choice where tenant in (select tenant from gone)`.execute(tx);
  });
}
