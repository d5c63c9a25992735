import { sql, type Transaction } from "kysely";
import type { TenantId } from "../model/ids.ts";
import type { Index, IndexedBackup } from "./catalog.ts";
import { lockTenant } from "./index-locks.ts";
import { restand } from "./standing.ts";
import type { Db, Tables } from "./tables.ts";

type Found = Parameters<Index["refresh"]>[1];

/** Writes only rows that differ, since most looks find what was known. */
export async function refresh(db: Db, tenant: TenantId, found: Found): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockTenant(tx, tenant);
    // A look that began earlier and took longer, at a store that was away, knows less than what stands here. What seems
    // to come from the future was noted before the catalog's clock went back, and stands in nobody's way.
    const { rows } = await sql`
      insert into holdfast.refreshed as r (tenant, at) values (${tenant}, ${found.at})
      on conflict (tenant) do update set at = excluded.at where r.at <= excluded.at or r.at > now()
      returning tenant`.execute(tx);
    if (rows.length === 0) return;
    await writeBackups(tx, tenant, found);
    await writeCopies(tx, tenant, found);
    await sql`delete from holdfast.backup b where b.tenant = ${tenant} and not exists (
      select from holdfast.copy c where c.tenant = b.tenant and c.backup = b.backup and c.state <> 'missing')`.execute(
      tx,
    );
    await sql`insert into holdfast.shelf as h (tenant, store, since)
      select c.tenant, c.store, min(b.finished_at)
      from holdfast.copy c join holdfast.backup b on b.tenant = c.tenant and b.backup = c.backup
      where c.tenant = ${tenant} and c.state <> 'missing' group by c.tenant, c.store
      on conflict (tenant, store) do update set since = excluded.since where h.since > excluded.since`.execute(
      tx,
    );
    await restand(tx, [tenant]);
  });
}

/** A backup that the stores asked do not vouch for stays as it is while one that was not asked holds it. */
async function writeBackups(tx: Transaction<Tables>, tenant: TenantId, found: Found): Promise<void> {
  await sql`
    insert into holdfast.backup as b (tenant, backup, kind, at, finished_at, plain_bytes, sealed_bytes, suspect)
    select ${tenant}, given.* from jsonb_to_recordset(${JSON.stringify(found.backups.map(backupRow))}::jsonb) as given (
      backup text, kind text, at timestamptz, finished_at timestamptz, plain_bytes bigint, sealed_bytes bigint,
      suspect boolean)
    on conflict (tenant, backup) do update set
      kind = excluded.kind, at = excluded.at, finished_at = excluded.finished_at,
      plain_bytes = excluded.plain_bytes, sealed_bytes = excluded.sealed_bytes, suspect = excluded.suspect
    where b.* is distinct from excluded.*
      and not (excluded.suspect and not b.suspect and exists (
        select from holdfast.copy c where c.tenant = b.tenant and c.backup = b.backup
          and c.state <> 'missing' and c.store <> all(${found.asked}::text[])))`.execute(tx);
}

async function writeCopies(tx: Transaction<Tables>, tenant: TenantId, found: Found): Promise<void> {
  const copies = JSON.stringify(found.backups.flatMap((backup) => copyRows(backup, found.asked)));
  await sql`
    delete from holdfast.copy c where c.tenant = ${tenant} and c.store = any(${found.asked}::text[])
      and not exists (
        select from jsonb_to_recordset(${copies}::jsonb) as given (backup text, store text)
        where given.backup = c.backup and given.store = c.store)`.execute(tx);
  await sql`
    insert into holdfast.copy as c (tenant, backup, store, state, verdict, proved_at)
    select ${tenant}, given.* from jsonb_to_recordset(${copies}::jsonb) as given (
      backup text, store text, state text, verdict text, proved_at timestamptz)
    on conflict (tenant, backup, store) do update set
      state = excluded.state, verdict = excluded.verdict, proved_at = excluded.proved_at
    where (c.state, c.verdict, c.proved_at) is distinct from (excluded.state, excluded.verdict, excluded.proved_at)`.execute(
    tx,
  );
}

function backupRow(backup: IndexedBackup): Readonly<Record<string, unknown>> {
  return {
    backup: backup.backup,
    kind: backup.kind,
    at: backup.at,
    finished_at: backup.finishedAt,
    plain_bytes: backup.plainBytes,
    sealed_bytes: backup.sealedBytes,
    suspect: backup.suspect,
  };
}

function copyRows(
  { backup, copies }: IndexedBackup,
  asked: readonly string[],
): readonly Readonly<Record<string, unknown>>[] {
  return copies
    .filter(({ store }) => asked.includes(store))
    .map(({ store, state, proof }) => ({
      backup,
      store,
      state,
      verdict: proof?.verdict ?? null,
      proved_at: proof?.at ?? null,
    }));
}
