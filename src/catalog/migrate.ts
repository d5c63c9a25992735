import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { Failure } from "../base/failure.ts";
import { up } from "./migrations/0001-catalog.ts";

/** Names sort in the order of their making; none is ever altered once it was released. */
const migrations: Readonly<Record<string, Migration>> = { "0001-catalog": { up } };

/**
 * Brings the schema `holdfast` up to this program's, under a lock that lets one process do it while
 * others wait. Throws "catalog/newer" when a newer Holdfast has been there, and what `pg` throws.
 */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const known = Object.keys(migrations);
  const applied = await appliedTo(db);
  refuseNewer(applied, known);
  // Most starts find all done, and need neither the lock nor its writes.
  if (applied.length === known.length) return;
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: "holdfast",
    migrationTableName: "migration",
    migrationLockTableName: "migration_lock",
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // A newer one may have come between the look and the lock.
  refuseNewer(await appliedTo(db), known);
  throw error;
}

async function appliedTo<T>(db: Kysely<T>): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ found: boolean }>`
    select pg_catalog.to_regclass('holdfast.migration') is not null as found`.execute(db);
  if (tables[0]?.found !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from holdfast.migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

function refuseNewer(applied: readonly string[], known: readonly string[]): void {
  const unknown = applied.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Failure(
      "catalog/newer",
      `the catalog went through ${unknown}, which this Holdfast does not know`,
    );
}
