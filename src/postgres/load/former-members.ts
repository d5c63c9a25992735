import { memberOfExtension } from "../readings/census-extensions.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

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
  const found = await admin
    .query<Member>(archivedQuery, [
      told,
      named.map(({ desc }) => desc),
      named.map(({ namespace }) => namespace),
      named.map(({ tag }) => tag),
    ])
    .catch((error: unknown) => {
      // A name that the server cannot read is for whoever runs the entry to tell.
      refusalOf(error);
      return [];
    });
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

/** The tag of a routine has its arguments, as SQL. */
const archivedQuery = `
  with entry as (select * from unnest($2::text[], $3::text[], $4::text[]) with ordinality as e(kind, schema, tag, place)),
  made(place, class, oid) as (
    select place, 'pg_catalog.pg_proc'::pg_catalog.regclass, pg_catalog.to_regprocedure(quote_ident(schema) || '.' || tag)::oid
      from entry where kind in (${listed(routines)})
    union all
    select place, 'pg_catalog.pg_class'::pg_catalog.regclass, pg_catalog.to_regclass(format('%I.%I', schema, tag))::oid
      from entry where kind in (${listed(relations)})
    union all
    select place, 'pg_catalog.pg_type'::pg_catalog.regclass, pg_catalog.to_regtype(format('%I.%I', schema, tag))::oid
      from entry where kind in (${listed(types)}))
  select made.place::int as place, e.extname::text as extension, concat_ws(' ', i.type, i.identity) as identity
    from made
    join pg_catalog.pg_depend d on d.classid = made.class and d.objid = made.oid and d.deptype = 'e'
    join pg_catalog.pg_extension e on e.oid = d.refobjid
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
   where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and e.extname::text = any ($1)
   order by 1`;
