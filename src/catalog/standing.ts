/** What a tenant's copies come to by its terms, worked out when either changes and read by everybody else as it stands. */
import { type RawBuilder, sql, type Transaction } from "kysely";
import { aClockAhead } from "./clock-ahead.ts";
import type { Tables } from "./tables.ts";

/**
 * Works out anew what waits for proofs and scrubs, and the standing, of these tenants; those without terms
 * wait for nothing. The rules are those of `src/repository/health.ts`, which a property test compares.
 */
export async function restand(tx: Transaction<Tables>, tenants: readonly string[]): Promise<void> {
  for (const statement of [waitsOfCopies, waitsOfShelves, standings]) await statement(tenants).execute(tx);
}

/**
 * A whole copy that no proof has decided on waits since it was finished, and one that was tried in vain waits its turn
 * anew, so that it does not stand before all others for ever; it is due all the same. A proven one waits since its proof.
 * What was looked at rests for a part of its limit, or a host with nothing else to do would try it again and again.
 */
function waitsOfCopies(tenants: readonly string[]): RawBuilder<unknown> {
  return sql`
    with wanted as (
      select c.tenant, c.backup, c.store, w.since, w.limit_ms, w.rest_ms,
             w.due_from + w.limit_ms * interval '1 ms' as due_at
      from holdfast.copy c
      join holdfast.backup b on b.tenant = c.tenant and b.backup = c.backup
      left join holdfast.terms t on t.tenant = c.tenant
      left join lateral (
        select case when c.verdict = 'proven' then c.proved_at else greatest(b.finished_at, c.proved_at) end as since,
               case when c.verdict = 'proven' then c.proved_at else b.finished_at end as due_from,
               case when c.verdict = 'proven' then t.prove_again_ms else t.prove_within_ms end as limit_ms,
               case c.verdict when 'proven' then t.prove_again_ms / 2 when 'inconclusive' then t.prove_within_ms / 4
                              else 0 end as rest_ms
        where c.store = any(t.stores) and not b.suspect and c.state = 'present'
          and c.verdict is distinct from 'refuted'
          and (c.verdict is distinct from 'proven' or t.prove_again_ms is not null)) w on true
      where c.tenant = any(${tenants}::text[]))
    update holdfast.copy c
    set prove_since = w.since, prove_limit_ms = w.limit_ms, prove_rest_ms = w.rest_ms, prove_due_at = w.due_at
    from wanted w
    where c.tenant = w.tenant and c.backup = w.backup and c.store = w.store
      and (c.prove_since, c.prove_limit_ms, c.prove_rest_ms, c.prove_due_at)
        is distinct from (w.since, w.limit_ms, w.rest_ms, w.due_at)`;
}

function waitsOfShelves(tenants: readonly string[]): RawBuilder<unknown> {
  return sql`
    with wanted as (
      select h.tenant, h.store, case when t.tenant is not null then coalesce(d.at, h.since) end as since,
             t.scrub_within_ms as limit_ms
      from holdfast.shelf h
      left join holdfast.terms t on t.tenant = h.tenant and h.store = any(t.stores)
      left join holdfast.scrubbed d on d.tenant = h.tenant and d.store = h.store
      where h.tenant = any(${tenants}::text[]))
    update holdfast.shelf h set scrub_since = w.since, scrub_limit_ms = w.limit_ms
    from wanted w
    where h.tenant = w.tenant and h.store = w.store
      and (h.scrub_since, h.scrub_limit_ms) is distinct from (w.since, w.limit_ms)`;
}

/** Lacking is what a believed backup has not in a store of the plan while another one has it whole; what is damaged is for heal. */
function standings(tenants: readonly string[]): RawBuilder<unknown> {
  return sql`
    with held as materialized (
      select c.tenant, b.backup, b.kind, b.at, c.store, c.verdict, c.proved_at, c.prove_due_at,
             c.state = 'present' and c.verdict is distinct from 'refuted' as whole,
             c.state = 'damaged' or c.verdict is not distinct from 'refuted' as bad,
             c.state <> 'missing' as there, t.quorum, cardinality(t.stores) as wanted
      from holdfast.terms t
      join holdfast.copy c on c.tenant = t.tenant and c.store = any(t.stores)
      join holdfast.backup b on b.tenant = c.tenant and b.backup = c.backup
      where t.tenant = any(${tenants}::text[]) and not b.suspect),
    backups as materialized (
      select tenant, backup, kind, at, quorum, count(*) filter (where whole) as whole,
             wanted - count(*) filter (where there) as lacking, coalesce(bool_or(verdict = 'proven'), false) as proven
      from held group by tenant, backup, kind, at, quorum, wanted),
    counting as materialized (select * from backups where whole >= greatest(quorum, 1)),
    kind as materialized (select tenant, kind, max(at) as at from counting group by tenant, kind),
    kinds as (
      select tenant, json_agg(json_build_array(kind, ${ms(sql`at`)})) as last_success from kind group by tenant),
    renewed as (
      update holdfast.kind_since s set since = coalesce(kind.at, now())
      from holdfast.kind_since o left join kind using (tenant, kind)
      where s.tenant = any(${tenants}::text[]) and o.tenant = s.tenant and o.kind = s.kind
        and (s.since < kind.at or s.since > ${aClockAhead} and s.since is distinct from kind.at)),
    waits as (
      select s.tenant, json_agg(json_build_array(
        s.kind, ${ms(sql`case when s.since < ${aClockAhead} then greatest(s.since, kind.at) else coalesce(kind.at, now()) end`)}, (t.expected_kinds ->> s.kind)::bigint) order by s.kind) as waits
      from holdfast.kind_since s
      join holdfast.terms t on t.tenant = s.tenant
      left join kind on kind.tenant = s.tenant and kind.kind = s.kind
      where s.tenant = any(${tenants}::text[]) group by s.tenant),
    oldest as (select tenant, min(at) as oldest from held group by tenant),
    newest as (select distinct on (tenant) tenant, whole from counting order by tenant, at desc, backup desc),
    proofs as (
      select tenant, json_agg(json_build_array(store, at)) as proofs
      from (select tenant, store, ${ms(sql`max(proved_at)`)} as at from held where verdict = 'proven'
            group by tenant, store) p group by tenant),
    points as (select tenant, max(at) as recovery_point from backups where proven and whole > 0 group by tenant),
    lacks as (select tenant, sum(lacking) as lacking from backups where whole > 0 group by tenant),
    sums as (
      select tenant, count(*) filter (where bad) as bad, min(prove_due_at) as prove_due_at from held group by tenant),
    scrubs as (
      select tenant, min(scrub_since + scrub_limit_ms * interval '1 ms') as scrub_due_at
      from holdfast.shelf where tenant = any(${tenants}::text[]) group by tenant)
    insert into holdfast.standing as s (tenant, lacking, doc)
    select t.tenant, coalesce(lacks.lacking, 0), json_build_array(
      t.tenant, coalesce(last_success, '[]'), t.expected_interval_ms, coalesce(newest.whole, 0), t.copies_required,
      coalesce(proofs, '[]'), ${ms(sql`sums.prove_due_at`)}, ${ms(sql`scrubs.scrub_due_at`)}, coalesce(sums.bad, 0),
      ${ms(sql`recovery_point`)}, t.recovery_point_ms, t.recovery_time_ms, ${ms(sql`oldest`)}, coalesce(waits, '[]'))
    from holdfast.terms t
    left join kinds using (tenant) left join newest using (tenant) left join proofs using (tenant)
    left join points using (tenant) left join lacks using (tenant) left join sums using (tenant)
    left join scrubs using (tenant) left join oldest using (tenant) left join waits using (tenant)
    where t.tenant = any(${tenants}::text[])
    on conflict (tenant) do update set lacking = excluded.lacking, doc = excluded.doc
    where (s.lacking, s.doc) is distinct from (excluded.lacking, excluded.doc)`;
}

/** Whole milliseconds since 1970, which JSON holds exactly. */
function ms(instant: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`round(extract(epoch from ${instant}) * 1000)::bigint`;
}
