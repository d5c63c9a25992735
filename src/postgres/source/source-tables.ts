import { Failure } from "../../base/failure.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";

/** A relation of the tenant that is read: an ordinary table, a partitioned one (locked only) or a populated materialised view. */
export interface SourceTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned" | "matview";
  /** Set on the configuration tables of an extension, which are copied whole. */
  readonly extension: string | null;
  /** False when the file on disk is not the one of the snapshot: somebody rewrote it in between. */
  readonly isUnmoved: boolean;
}

/**
 * Every relation of the scope whose rows belong to the tenant, in name order; takes no lock and waits
 * for none. Rows of extension tables that are not configuration belong to nobody, and to a tenant of
 * schemas the configuration of extensions does not belong either, since all tenants share it.
 * A schema of the scope that is not there: "source/absent".
 */
export async function listTables(
  session: Session,
  scope: Scope,
  leaveOutExtensions: readonly string[],
): Promise<SourceTable[]> {
  const schemas = scope.kind === "schemas" ? scope.schemas : null;
  await assertSchemas(session, schemas ?? []);
  return session.query<SourceTable>(listing, [schemas, leaveOutExtensions]);
}

const listing = `
select c.oid, n.nspname::text as schema, c.relname::text as name,
       case c.relkind when 'r' then 'table' when 'p' then 'partitioned' else 'matview' end as kind,
       e.extname::text as extension,
       c.relkind = 'p' or c.relfilenode = pg_catalog.pg_relation_filenode(c.oid) is true as "isUnmoved"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.objsubid = 0
   and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
  left join pg_catalog.pg_extension e on e.oid = d.refobjid
 where (c.relkind in ('r', 'p') or (c.relkind = 'm' and c.relispopulated)) and c.relpersistence <> 't'
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and ($1::text[] is null or n.nspname = any ($1::text[]))
   and (e.oid is null
        or ($1::text[] is null and c.oid = any (e.extconfig) and e.extname <> all ($2::text[])))
 order by n.nspname collate "C", c.relname collate "C"`;

/** `LOCK TABLE` for all of them at once; materialised views cannot be locked that way and are left out. */
export function lockStatement(tables: readonly SourceTable[], nowait: boolean): string | null {
  const names = tables.filter(({ kind }) => kind !== "matview").map((table) => `only ${quoteName(table)}`);
  if (names.length === 0) return null;
  return `lock table ${names.join(", ")} in access share mode${nowait ? " nowait" : ""}`;
}

async function assertSchemas(session: Session, schemas: readonly string[]): Promise<void> {
  if (schemas.length === 0) return;
  const found = await session.query<{ name: string }>(
    "select nspname::text as name from pg_catalog.pg_namespace where nspname = any ($1::text[])",
    [schemas],
  );
  const absent = schemas.filter((schema) => !found.some(({ name }) => name === schema));
  if (absent.length === 0) return;
  throw new Failure("source/absent", `the source has no schema ${absent.join(", ")}`, {
    hint: "schemas of the tenant in holdfast.yaml must exist on the source",
  });
}
