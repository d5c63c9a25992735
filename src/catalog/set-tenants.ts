import { type RawBuilder, sql } from "kysely";
import type { TenantTerms } from "./catalog.ts";
import { lockIndex } from "./index-locks.ts";
import { restand } from "./standing.ts";
import type { Db } from "./tables.ts";

/** So many at once that a first start with many tenants holds up nobody for long. */
const batch = 250;

/** Terms that are as before cost a look; of the others the standing is worked out anew. */
export async function setTenants(db: Db, terms: readonly TenantTerms[]): Promise<void> {
  const given = JSON.stringify(terms.map(row));
  const { rows } = await sql<{ tenant: string; is_gone: boolean }>`
    select coalesce(given.tenant, t.tenant) as tenant, given.tenant is null as is_gone
    from ${recordset(given)} full join holdfast.terms t on t.tenant = given.tenant
    where row(t.*) is distinct from row(given.*) order by 1`.execute(db);
  const gone = new Set(rows.filter((changed) => changed.is_gone).map(({ tenant }) => tenant));
  const changed = rows.map(({ tenant }) => tenant).filter((tenant) => !gone.has(tenant));
  const byName = new Map<string, TenantTerms>(terms.map((one) => [one.tenant, one]));
  for (let from = 0; from < changed.length; from += batch)
    await upsert(
      db,
      changed.slice(from, from + batch).flatMap((tenant) => byName.get(tenant) ?? []),
    );
  if (gone.size > 0) await drop(db, [...gone]);
}

async function upsert(db: Db, terms: readonly TenantTerms[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    await sql`
      insert into holdfast.terms select given.* from ${recordset(JSON.stringify(terms.map(row)))}
      on conflict (tenant) do update set
        quorum = excluded.quorum, copies_required = excluded.copies_required, stores = excluded.stores,
        expected_interval_ms = excluded.expected_interval_ms, recovery_point_ms = excluded.recovery_point_ms,
        recovery_time_ms = excluded.recovery_time_ms, prove_within_ms = excluded.prove_within_ms,
        prove_again_ms = excluded.prove_again_ms, scrub_within_ms = excluded.scrub_within_ms`.execute(tx);
    await restand(
      tx,
      terms.map(({ tenant }) => tenant),
    );
  });
}

async function drop(db: Db, gone: readonly string[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    await sql`delete from holdfast.terms where tenant = any(${gone}::text[])`.execute(tx);
    await sql`delete from holdfast.standing where tenant = any(${gone}::text[])`.execute(tx);
    await restand(tx, gone);
  });
}

/** Terms as rows, in the order of the columns of `holdfast.terms`. */
function recordset(json: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json}::jsonb) as given (
    tenant text, quorum integer, copies_required integer, stores text[], expected_interval_ms bigint,
    recovery_point_ms bigint, recovery_time_ms bigint, prove_within_ms bigint, prove_again_ms bigint,
    scrub_within_ms bigint)`;
}

function row(terms: TenantTerms): Readonly<Record<string, unknown>> {
  return {
    tenant: terms.tenant,
    quorum: terms.quorum,
    copies_required: terms.copiesRequired,
    stores: terms.stores,
    expected_interval_ms: terms.expectedIntervalMs,
    recovery_point_ms: terms.recoveryPointMs,
    recovery_time_ms: terms.recoveryTimeMs,
    prove_within_ms: terms.proveWithinMs,
    prove_again_ms: terms.proveAgainMs,
    scrub_within_ms: terms.scrubWithinMs,
  };
}
