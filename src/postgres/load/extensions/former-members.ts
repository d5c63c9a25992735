import { memberOfExtension } from "../../readings/census-extensions.ts";
import type { LoadContext } from "../context.ts";

/**
 * Says of what a script made a member of its extension here, while the source had taken it out (`ALTER EXTENSION … DROP`),
 * that it cannot be loaded. The archive holds it, and to make room for that would let an archive that was forged put code
 * of its own under a name by which functions of the extension, and whoever owns it, call theirs. Nor is it the copy's fault.
 */
export async function tellFormerMembers(
  { admin, fingerprint, entries, ledger }: LoadContext,
  created: readonly string[],
): Promise<void> {
  const known = new Map(fingerprint.census.map(({ kind, identities }) => [kind, identities]));
  const told = created.filter((name) => known.get(`${memberOfExtension}${name}`) !== undefined);
  if (told.length === 0) return;
  const named = entries.filter(({ desc }) => kinds.has(desc));
  const found = await admin.query<Member>(archivedQuery, [
    told,
    named.map(({ desc }) => desc),
    named.map(({ namespace }) => namespace),
    named.map(({ tag }) => tag),
  ]);
  for (const { place, extension, identity } of found) {
    const entry = named[place - 1];
    if (entry === undefined || known.get(`${memberOfExtension}${extension}`)?.includes(identity) === true)
      continue;
    const message = `the script of extension ${extension} makes it, and the source had taken it out of the extension`;
    ledger.failed(entry, { sqlState: undefined, message, kind: "machine" });
  }
}

interface Member {
  /** Of its entry among those that were asked for, from 1. */
  readonly place: number;
  readonly extension: string;
  readonly identity: string;
}

const routines = ["FUNCTION", "PROCEDURE", "AGGREGATE"];
const relations = ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"];
const types = ["TYPE", "DOMAIN"];
const kinds: ReadonlySet<string> = new Set([...routines, ...relations, ...types]);

const listed = (some: readonly string[]): string => some.map((one) => `'${one}'`).join(", ");

/**
 * A routine's tag has the types of its arguments as the server names them where nothing is on the path. It is compared as
 * text: types of the tenant's are not there yet, and before 16 the server throws at a name with one of them.
 */
const archivedQuery = `
  with entry as (select * from unnest($2::text[], $3::text[], $4::text[]) with ordinality as e(kind, schema, tag, place)),
  made(kinds, class, oid, space, tag) as (
    select array[${listed(routines)}], 'pg_catalog.pg_proc'::pg_catalog.regclass, oid, pronamespace,
           format('%s(%s)', proname, coalesce(
             (select string_agg(pg_catalog.format_type(type, null), ', ' order by at)
                from unnest(proargtypes) with ordinality as a(type, at)),
             case prokind when 'a' then '*' end))
      from pg_catalog.pg_proc
    union all
    select array[${listed(relations)}], 'pg_catalog.pg_class'::pg_catalog.regclass, oid, relnamespace, relname::text
      from pg_catalog.pg_class
    union all
    select array[${listed(types)}], 'pg_catalog.pg_type'::pg_catalog.regclass, oid, typnamespace, typname::text
      from pg_catalog.pg_type)
  select entry.place::int as place, e.extname::text as extension, concat_ws(' ', i.type, i.identity) as identity
    from pg_catalog.pg_extension e
    join pg_catalog.pg_depend d on d.refobjid = e.oid and d.deptype = 'e'
     and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    join made on made.class = d.classid and made.oid = d.objid
    join pg_catalog.pg_namespace n on n.oid = made.space
    join entry on entry.kind = any (made.kinds) and entry.schema = n.nspname::text and entry.tag = made.tag
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
   where e.extname::text = any ($1)
   order by 1`;
