import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { Failure } from "../base/failure.ts";
import { up } from "./migrations/0001-catalog.ts";

export interface CatalogSchema {
  /**
   * Names sort in the order of their making; none is ever altered once it was released. They only add, so that
   * daemons of the version before go on until they are restarted.
   */
  readonly migrations: Readonly<Record<string, Migration>>;
  /** The oldest of them after which every statement of this program works. */
  readonly worksFrom: string;
}

const ours: CatalogSchema = { migrations: { "0001-catalog": { up } }, worksFrom: "0001-catalog" };

/**
 * Makes the schema `holdfast` where there is none, and brings an older one up to this program's if told to
 * migrate: under a lock that lets one process do it while others wait. Else an older one is taken as it is.
 * Throws "catalog/older" for one that this program cannot work with, "catalog/newer" when a newer
 * Holdfast has been there, and what `pg` throws.
 */
export async function migrate<T>(
  db: Kysely<T>,
  older: "migrate" | "take",
  { migrations, worksFrom }: CatalogSchema = ours,
): Promise<void> {
  const known = Object.keys(migrations);
  const applied = await appliedTo(db);
  refuseNewer(applied, known);
  // Most starts find all done, and need neither the lock nor its writes.
  if (applied.length === known.length) return;
  // A command that somebody tries out must not change what daemons of an older version run on.
  if (applied.length > 0 && older === "take") {
    if (applied.includes(worksFrom)) return;
    throw new Failure("catalog/older", `the catalog has not gone through ${worksFrom} yet`);
  }
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
