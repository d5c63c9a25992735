import { sql } from "kysely";
import type { TenantTerms } from "./catalog.ts";
import { restand } from "./standing.ts";
import type { Db } from "./tables.ts";

/** So many at once that a first start with many tenants holds no lock for long. */
const batch = 250;

/** Terms that are as before cost nothing; of the others the standing is worked out anew. */
export async function setTenants(db: Db, terms: readonly TenantTerms[]): Promise<void> {
  const ordered = terms.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1));
  for (let from = 0; from < ordered.length; from += batch)
    await upsert(db, ordered.slice(from, from + batch));
  await drop(
    db,
    ordered.map(({ tenant }) => tenant),
  );
}

async function upsert(db: Db, terms: readonly TenantTerms[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ tenant: string }>`
      insert into holdfast.terms
      select given.* from jsonb_to_recordset(${JSON.stringify(terms.map(row))}::jsonb) as given (
        tenant text, quorum integer, copies_required integer, stores text[], expected_interval_ms bigint,
        recovery_point_ms bigint, recovery_time_ms bigint, prove_within_ms bigint, prove_again_ms bigint,
        scrub_within_ms bigint)
      left join holdfast.terms t on t.tenant = given.tenant
      where row(t.*) is distinct from row(given.*)
      on conflict (tenant) do update set
        quorum = excluded.quorum, copies_required = excluded.copies_required, stores = excluded.stores,
        expected_interval_ms = excluded.expected_interval_ms, recovery_point_ms = excluded.recovery_point_ms,
        recovery_time_ms = excluded.recovery_time_ms, prove_within_ms = excluded.prove_within_ms,
        prove_again_ms = excluded.prove_again_ms, scrub_within_ms = excluded.scrub_within_ms
      returning tenant`.execute(tx);
    if (rows.length > 0)
      await restand(
        tx,
        rows.map(({ tenant }) => tenant),
      );
  });
}

async function drop(db: Db, kept: readonly string[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ tenant: string }>`
      delete from holdfast.terms where tenant <> all(${kept}::text[]) returning tenant`.execute(tx);
    if (rows.length === 0) return;
    const gone = rows.map(({ tenant }) => tenant);
    await sql`delete from holdfast.standing where tenant = any(${gone}::text[])`.execute(tx);
    await restand(tx, gone);
  });
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
