/** What has waited longest relative to its limit, without a look at all that waits. */
import { sql } from "kysely";
import { backupId, type StoreName, storeName, type TenantId, tenantId } from "../model/ids.ts";
import type { ProofDue } from "./catalog.ts";
import { aClockAhead } from "./clock-ahead.ts";
import type { Db } from "./tables.ts";

/*
 * The limits are as few as there are plans: they are found by skipping from one to the next in the index, the
 * oldest waits of each are read from it, and only these are sorted. What rests is the youngest of its group.
 */

export async function longestWaitsForProof(
  db: Db,
  limit: number,
  without: readonly StoreName[],
): Promise<readonly ProofDue[]> {
  const { rows } = await sql<{ tenant: string; backup: string; store: string; due_at: Date }>`
    with recursive groups as (
      (select prove_limit_ms as limit_ms, prove_rest_ms as rest_ms from holdfast.copy
       where prove_since is not null order by prove_limit_ms, prove_rest_ms limit 1)
      union all
      select n.prove_limit_ms, n.prove_rest_ms from groups g cross join lateral (
        select c.prove_limit_ms, c.prove_rest_ms from holdfast.copy c
        where c.prove_since is not null and (c.prove_limit_ms, c.prove_rest_ms) > (g.limit_ms, g.rest_ms)
        order by c.prove_limit_ms, c.prove_rest_ms limit 1) n)
    select c.tenant, c.backup, c.store, c.prove_due_at as due_at
    from groups g cross join lateral (
      select * from holdfast.copy c
      where c.prove_since is not null and c.prove_limit_ms = g.limit_ms and c.prove_rest_ms = g.rest_ms
        and c.store <> all(${without}::text[])
        and c.prove_since <= case when g.rest_ms = 0 then 'infinity' else now() - g.rest_ms * interval '1 ms' end
      order by c.prove_since limit ${limit}) c
    order by extract(epoch from now() - c.prove_since) / g.limit_ms desc, c.tenant, c.backup, c.store
    limit ${limit}`.execute(db);
  return rows.map((row) => ({
    tenant: tenantId.parse(row.tenant),
    backup: backupId.parse(row.backup),
    store: storeName.parse(row.store),
    dueAt: row.due_at,
  }));
}

/** Those alone whose time is over, and those whose last scrub was dated by a clock that was ahead. */
export async function longestWaitsForScrub(
  db: Db,
  limit: number,
  without: readonly StoreName[],
): Promise<readonly { readonly tenant: TenantId; readonly store: StoreName }[]> {
  const { rows } = await sql<{ tenant: string; store: string }>`
    with recursive limits as (
      (select scrub_limit_ms as ms from holdfast.shelf where scrub_since is not null order by scrub_limit_ms limit 1)
      union all
      select (select h.scrub_limit_ms from holdfast.shelf h
              where h.scrub_since is not null and h.scrub_limit_ms > l.ms order by h.scrub_limit_ms limit 1)
      from limits l where l.ms is not null)
    select h.tenant, h.store
    from limits l cross join lateral (
      (select * from holdfast.shelf h where h.scrub_since is not null and h.scrub_limit_ms = l.ms
         and h.scrub_since <= now() - l.ms * interval '1 ms' and h.store <> all(${without}::text[])
       order by h.scrub_since limit ${limit})
      union all
      (select * from holdfast.shelf h where h.scrub_since is not null and h.scrub_limit_ms = l.ms
         and h.scrub_since > ${aClockAhead} and h.store <> all(${without}::text[])
       order by h.scrub_since limit ${limit})) h
    where l.ms is not null
    order by extract(epoch from now() - h.scrub_since) / l.ms desc, h.tenant, h.store
    limit ${limit}`.execute(db);
  return rows.map((row) => ({ tenant: tenantId.parse(row.tenant), store: storeName.parse(row.store) }));
}
