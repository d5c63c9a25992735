import { type RawBuilder, sql, type Transaction } from "kysely";
import { sha256 } from "../base/digest.ts";
import type { TenantTerms } from "./catalog.ts";
import { lockIndex } from "./index-locks.ts";
import { restand } from "./standing.ts";
import type { Db, Tables } from "./tables.ts";

/** So many at once that a first start with many tenants holds up nobody for long. */
const batch = 250;

/**
 * Who has no tenant that another host has marks it as absent, and the other takes the mark away, since both look every
 * few minutes: a roll-out over hosts, or a rule of discovery that one of them applied first, drops nobody.
 * Terms that are all as before cost one look at their digest, which only who has compared them writes, and who
 * changes one takes away. Of those that differ the standing is worked out anew.
 */
export async function setTenants(
  db: Db,
  terms: readonly TenantTerms[],
  goneAfterMs: number | null,
): Promise<void> {
  const rows = terms.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1)).map(row);
  const given = JSON.stringify(rows);
  const digest = sha256(Buffer.from(given));
  const known = await db.selectFrom("terms_digest").select("digest").executeTakeFirst();
  if (known?.digest === digest) return;
  const { changed, gone } = await compared(db, given);
  const wanted = new Set(changed);
  const changing = rows.filter(({ tenant }) => wanted.has(tenant));
  for (let from = 0; from < changing.length; from += batch)
    await change(db, (tx) => upsert(tx, changing.slice(from, from + batch)));
  const over = await absentLong(
    db,
    rows.map(({ tenant }) => tenant),
    { gone, goneAfterMs },
  );
  if (over.length > 0) await change(db, (tx) => drop(tx, over));
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    // Another host may have brought terms of its own meanwhile.
    const left = await compared(tx, given);
    if (left.changed.length + left.gone.length === 0)
      await tx.updateTable("terms_digest").set({ digest }).execute();
  });
}

async function compared(
  db: Db,
  given: string,
): Promise<{ readonly changed: readonly string[]; readonly gone: readonly string[] }> {
  const { rows } = await sql<{ tenant: string; is_gone: boolean }>`
    select coalesce(given.tenant, t.tenant) as tenant, given.tenant is null as is_gone
    from ${recordset(given)} full join holdfast.terms t on t.tenant = given.tenant
    where (${columnsOf("t")}) is distinct from (${columnsOf("given")})`.execute(db);
  return {
    changed: rows.filter((one) => !one.is_gone).map(({ tenant }) => tenant),
    gone: rows.filter((one) => one.is_gone).map(({ tenant }) => tenant),
  };
}

/** Those of `gone` that nobody has had for long. Of marks everybody is to hear, however his terms stand. */
async function absentLong(
  db: Db,
  given: readonly string[],
  { gone, goneAfterMs }: { readonly gone: readonly string[]; readonly goneAfterMs: number | null },
): Promise<readonly string[]> {
  return db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    await sql`delete from holdfast.absent where tenant = any(${given}::text[])`.execute(tx);
    if (gone.length === 0 || goneAfterMs === null) return [];
    const marked = await sql`
      insert into holdfast.absent (tenant) select unnest(${gone}::text[]) on conflict do nothing returning tenant`.execute(
      tx,
    );
    if (marked.rows.length > 0) await tx.updateTable("terms_digest").set({ digest: null }).execute();
    const { rows } = await sql<{ tenant: string }>`
      select tenant from holdfast.absent where tenant = any(${gone}::text[])
        and since <= now() - ${goneAfterMs}::bigint * interval '1 ms'`.execute(tx);
    return rows.map(({ tenant }) => tenant);
  });
}

async function change(db: Db, work: (tx: Transaction<Tables>) => Promise<void>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    await tx.updateTable("terms_digest").set({ digest: null }).execute();
    await work(tx);
  });
}

async function upsert(tx: Transaction<Tables>, rows: readonly Row[]): Promise<void> {
  await sql`
    insert into holdfast.terms (${columnsOf()}) select ${columnsOf("given")} from ${recordset(JSON.stringify(rows))}
    on conflict (tenant) do update set ${taken}`.execute(tx);
  const tenants = rows.map(({ tenant }) => tenant);
  await expectKinds(tx, tenants);
  await restand(tx, tenants);
}

/** What was not expected before is late an interval from now, not since ever. */
async function expectKinds(tx: Transaction<Tables>, tenants: readonly string[]): Promise<void> {
  await sql`
    delete from holdfast.kind_since k using holdfast.terms t
    where k.tenant = t.tenant and k.tenant = any(${tenants}::text[]) and not t.expected_kinds ? k.kind`.execute(
    tx,
  );
  await sql`
    insert into holdfast.kind_since (tenant, kind, since)
    select t.tenant, kind, now() from holdfast.terms t, jsonb_object_keys(t.expected_kinds) as kind
    where t.tenant = any(${tenants}::text[]) on conflict do nothing`.execute(tx);
}

async function drop(tx: Transaction<Tables>, gone: readonly string[]): Promise<void> {
  await sql`delete from holdfast.terms where tenant = any(${gone}::text[])`.execute(tx);
  await sql`delete from holdfast.standing where tenant = any(${gone}::text[])`.execute(tx);
  await sql`delete from holdfast.kind_since where tenant = any(${gone}::text[])`.execute(tx);
  await sql`delete from holdfast.absent where tenant = any(${gone}::text[])`.execute(tx);
  await restand(tx, gone);
}

/** Named in every statement, since a later version may have added others. */
const columns = {
  tenant: "text",
  quorum: "integer",
  copies_required: "integer",
  stores: "text[]",
  expected_interval_ms: "bigint",
  recovery_point_ms: "bigint",
  recovery_time_ms: "bigint",
  prove_within_ms: "bigint",
  prove_again_ms: "bigint",
  scrub_within_ms: "bigint",
  expected_kinds: "jsonb",
} as const satisfies Record<keyof Tables["terms"], string>;

function columnsOf(table?: "t" | "given"): RawBuilder<unknown> {
  return sql.join(
    Object.keys(columns).map((name) => sql.ref(table === undefined ? name : `${table}.${name}`)),
  );
}

const taken = sql.join(
  Object.keys(columns).map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`),
);

function recordset(json: string): RawBuilder<unknown> {
  const typed = Object.entries(columns).map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`);
  return sql`jsonb_to_recordset(${json}::jsonb) as given (${sql.join(typed)})`;
}

type Row = ReturnType<typeof row>;

function row(terms: TenantTerms): Record<keyof typeof columns, unknown> & { readonly tenant: string } {
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
    expected_kinds: terms.expectedKinds ?? {},
  };
}
