import { Failure } from "../../base/failure.ts";
import type { Fingerprint, Scope } from "../../model/fingerprint.ts";
import { copyOutStatement } from "../session/copy-statement.ts";
import type { LargeObjectChoice } from "./large-object-stream.ts";
import { roleTables } from "../readings/roles.ts";
import type { Session } from "../session/session.ts";

export interface ChosenLargeObjects {
  /** Null when there are none. */
  readonly choice: LargeObjectChoice | null;
  /** Owners and grantees, which become roles of the fingerprint. */
  readonly roles: readonly string[];
  readonly omitted: Fingerprint["omitted"];
  /** The roughest of guesses, for progress. */
  readonly estimatedBytes: number;
}

/**
 * The large objects of the tenant (trap 10). A database has all of its own. Objects belong to no schema, so
 * a tenant of schemas has those that the owners of its schemas own *and* a column of type oid refers to;
 * its own that nothing refers to are counted as omitted. One that a column refers to and somebody else owns
 * may be another tenant's: "source/unsupported", unless the plan ignores large objects. One that is surely a neighbour's
 * is counted as omitted too: anybody may make large objects of any number, and columns of others hold such numbers.
 */
export async function chooseLargeObjects(session: Session, scope: Scope): Promise<ChosenLargeObjects> {
  const [whole] = await session.query<{ count: number; bytes: number }>(
    `select (select count(*) from pg_catalog.pg_largeobject_metadata)::float8 as count,
            pg_catalog.pg_relation_size('pg_catalog.pg_largeobject')::float8 as bytes`,
  );
  const count = whole?.count ?? 0;
  const none = { choice: null, roles: [], omitted: [], estimatedBytes: 0 };
  if (count === 0) return none;
  if (scope.kind === "database")
    return {
      ...none,
      choice: { kind: "all" },
      roles: await rolesOf(session, null),
      estimatedBytes: whole?.bytes ?? 0,
    };
  const { oids, orphans, neighbours } = await ofSchemas(session, scope.schemas);
  const omitted = [
    ...counted(orphans, "owned by the tenant's roles, but no column refers to them"),
    ...counted(
      neighbours,
      "columns hold their numbers, but they belong to the owners of other schemas, and the tenant's roles may not read them",
    ),
  ];
  if (oids.length === 0) return { ...none, omitted };
  const estimatedBytes = ((whole?.bytes ?? 0) * oids.length) / count;
  return { choice: { kind: "only", oids }, roles: await rolesOf(session, oids), omitted, estimatedBytes };
}

function counted(objects: number, reason: string): Fingerprint["omitted"] {
  return objects === 0 ? [] : [{ kind: "large objects", name: String(objects), reason }];
}

async function rolesOf(session: Session, oids: readonly number[] | null): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `select distinct r.rolname::text as name
       from pg_catalog.pg_largeobject_metadata m
      cross join lateral (
        select m.lomowner as oid union all
        select a.who from pg_catalog.aclexplode(m.lomacl) as acl
         cross join lateral (values (acl.grantor), (acl.grantee)) as a(who)) as named
       join pg_catalog.pg_roles r on r.oid = named.oid
      where $1::oid[] is null or m.oid = any ($1)
      order by 1`,
    [oids],
  );
  return rows.map(({ name }) => name);
}

/**
 * `tenant`: an owner of its schemas owns it. `neighbour`: all else that speaks for a tenant is wanting. Its owner has a
 * schema elsewhere in the database, where a login that was retired has nothing; it has no right in the tenant's schemas,
 * be it on a single table, and nor has everybody; and nobody who has one may read the object. `unclear`: the rest.
 */
type Whose = "tenant" | "unclear" | "neighbour";

/**
 * From 14 on a schema may belong to whoever owns the database, as `public` does from 15 on.
 * Who is a member of one that is `entitled` may have a right: of what predefined roles may the catalogs keep no account.
 */
const whoseQuery = `
  with recursive ${roleTables},
  entitled as (
    select oid from touching
    union select r.oid from pg_catalog.pg_roles r where r.oid < 16384),
  reader as (
    select r.oid from pg_catalog.pg_roles r where r.oid in (select oid from inside) and not r.rolsuper),
  everybody as (
    select from space cross join lateral pg_catalog.aclexplode(nspacl) a where a.grantee = 0),
  schema_owner as (
    select nspowner as oid from space
    union select d.datdba
      from pg_catalog.pg_database d
     where d.datname = pg_catalog.current_database()
       and exists (select from space join pg_catalog.pg_roles r on r.oid = nspowner
                    where r.rolname = 'pg_database_owner')),
  owner as (
    select o.oid,
           case when o.oid in (select oid from schema_owner) then 'tenant'
                when exists (select from everybody)
                  or pg_catalog.current_setting('lo_compat_privileges')::boolean
                  or exists (select from entitled e where pg_catalog.pg_has_role(o.oid, e.oid, 'MEMBER'))
                  or exists (select from reader r where pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER'))
                  or not exists (select from pg_catalog.pg_namespace n where pg_catalog.pg_has_role(o.oid, n.nspowner, 'MEMBER'))
                then 'unclear' else 'neighbour' end as whose
      from (select distinct lomowner as oid from pg_catalog.pg_largeobject_metadata) o)
  select m.oid,
         case when owner.whose = 'neighbour' and exists (
                     select from pg_catalog.aclexplode(m.lomacl) a
                      where a.grantee = 0 or exists (
                        select from reader r where pg_catalog.pg_has_role(r.oid, a.grantee, 'MEMBER')
                                            or pg_catalog.pg_has_role(a.grantee, r.oid, 'MEMBER')))
              then 'unclear' else owner.whose end as whose
    from pg_catalog.pg_largeobject_metadata m join owner on owner.oid = m.lomowner`;

async function ofSchemas(
  session: Session,
  schemas: readonly string[],
): Promise<{ readonly oids: readonly number[]; readonly orphans: number; readonly neighbours: number }> {
  const objects = await session.query<{ oid: number; whose: Whose }>(whoseQuery, [schemas, []]);
  const known = new Map(objects.map(({ oid, whose }) => [oid, whose]));
  const referred = new Set<number>();
  for (const column of await oidColumns(session, schemas)) {
    for await (const oid of valuesOf(session, column)) if (known.has(oid)) referred.add(oid);
    for (const oid of referred) if (known.get(oid) === "unclear") throw await strange(session, oid, column);
  }
  const oids = [...referred].filter((oid) => known.get(oid) === "tenant").sort((a, b) => a - b);
  const owned = objects.filter(({ whose }) => whose === "tenant").length;
  return { oids, orphans: owned - oids.length, neighbours: referred.size - oids.length };
}

interface OidColumn {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
}

async function strange(session: Session, oid: number, column: OidColumn): Promise<Failure> {
  const [object] = await session.query<{ owner: string }>(
    "select pg_catalog.pg_get_userbyid(lomowner)::text as owner from pg_catalog.pg_largeobject_metadata where oid = $1",
    [oid],
  );
  const where = `${column.schema}.${column.name}.${column.column}`;
  const message = `large object ${String(oid)} in ${where} belongs to ${object?.owner ?? "somebody else"}`;
  return new Failure("source/unsupported", message, {
    hint: "give it to the owner of the tenant's schema (for pg_database_owner, the database's), or set largeObjects: ignore in the plan",
  });
}

/**
 * What a column of type oid holds, by a plain COPY: planning a query of the tenant's table could call its
 * functions as us (trap 2).
 */
async function* valuesOf(session: Session, column: OidColumn): AsyncGenerator<number> {
  const statement = copyOutStatement({ ...column, columns: [column.column] }, "UTF8");
  let rest = "";
  for await (const part of session.copyOut(statement).bytes) {
    const lines = (rest + part.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== nullText) yield Number(line);
  }
}

const nullText = String.raw`\N`;

/** Columns of type oid, or of a domain over it such as `lo`. Generated ones repeat others, and COPY does not tell them. */
async function oidColumns(session: Session, schemas: readonly string[]): Promise<OidColumn[]> {
  return session.query(
    `select n.nspname::text as schema, c.relname::text as name, a.attname::text as "column"
       from pg_catalog.pg_attribute a
       join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind = 'r'
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_type t on t.oid = a.atttypid
      where n.nspname = any ($1::text[]) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and not (c.relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
        and 'pg_catalog.oid'::pg_catalog.regtype in (t.oid, t.typbasetype)
      order by 1, 2, 3`,
    [schemas],
  );
}
