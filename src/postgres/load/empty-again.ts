import type { Session } from "../session/session.ts";
import { occupantsOf } from "../target/target.ts";
import { quoteIdent } from "../session/quote.ts";
import { databaseAclStatements } from "./database.ts";
import { dropStatement } from "./statements/drop-statement.ts";
import { publicStatements, remarkStatements, settingStatements, type Former } from "./former.ts";
import { refusalOf } from "./report.ts";

/** In an order in which little is in the way of other things; what is gone by its turn is passed over. */
const belongings = `
  with own as (select oid, nspname from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
  found (rank, class, oid) as (
    select 1, 'pg_event_trigger'::regclass, oid from pg_catalog.pg_event_trigger
    union all select 2, 'pg_publication'::regclass, oid from pg_catalog.pg_publication
    union all select 3, 'pg_extension'::regclass, oid from pg_catalog.pg_extension where extname <> 'plpgsql'
    union all select 4, 'pg_class'::regclass, c.oid from pg_catalog.pg_class c
               where c.relnamespace in (select oid from own) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all select 5, 'pg_namespace'::regclass, oid from own where nspname <> 'public'
    union all select 6, d.classid::regclass, d.objid from pg_catalog.pg_depend d
                join own on own.oid = d.refobjid and own.nspname = 'public'
               where d.refclassid = 'pg_namespace'::regclass and d.deptype = 'n'
    union all select 7, 'pg_foreign_data_wrapper'::regclass, oid from pg_catalog.pg_foreign_data_wrapper
    union all select 8, 'pg_language'::regclass, oid from pg_catalog.pg_language where oid >= 16384
    union all select 9, 'pg_cast'::regclass, oid from pg_catalog.pg_cast where oid >= 16384
    union all select 10, 'pg_am'::regclass, oid from pg_catalog.pg_am where oid >= 16384
    union all select 11, 'pg_largeobject'::regclass, oid from pg_catalog.pg_largeobject_metadata)
  select i.type, i.identity
    from found cross join lateral pg_catalog.pg_identify_object(found.class, found.oid, 0) i
   where i.identity is not null
     and not exists (select from pg_catalog.pg_depend d where d.classid = found.class and d.objid = found.oid and d.deptype in ('e', 'i'))
   order by rank, found.oid desc`;

/**
 * Takes everything out of a database again that was empty before a load into it was broken off, and gives it
 * back as it was, so that nothing half-loaded is taken for the tenant and nothing of the tenant's code belongs to
 * the administrator. Returns what it could not remove, in words; empty when nothing is left.
 */
export async function emptyAgain(
  inside: Session,
  {
    database,
    former,
    roles,
  }: { readonly database: string; readonly former: Former; readonly roles: readonly string[] },
): Promise<string> {
  await passOver(inside, await subscriptionStatements(inside));
  const found = await inside.query<{ type: string; identity: string }>(belongings);
  await passOver(inside, found.map(dropStatement));
  // Default privileges, and whatever kind nobody thought of above.
  await passOver(
    inside,
    roles.map((role) => `drop owned by ${quoteIdent(role)} cascade`),
  );
  const owner = `alter database ${quoteIdent(database)} owner to ${quoteIdent(former.owner)}`;
  await passOver(inside, [
    owner,
    ...settingStatements(database, former),
    ...remarkStatements(database, former),
  ]);
  await passOver(inside, await databaseAclStatements(inside, { database, ...former }));
  const hasPublic = await inside.query("select from pg_catalog.pg_namespace where nspname = 'public'");
  await passOver(inside, [
    ...(hasPublic.length === 0 ? ["create schema public"] : []),
    ...(await publicStatements(inside, former)),
  ]);
  const left = await occupantsOf(inside);
  return left.map(({ kind, count }) => `${String(count)} ${kind}${count === 1 ? "" : "s"}`).join(", ");
}

async function passOver(inside: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    try {
      await inside.query(statement);
    } catch (error) {
      refusalOf(error);
    }
  }
}

/** One that is dropped must not look for its publisher. */
async function subscriptionStatements(inside: Session): Promise<string[]> {
  const rows = await inside.query<{ name: string }>(
    `select subname::text as name from pg_catalog.pg_subscription
      where subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`,
  );
  return rows.flatMap(({ name }) => {
    const subscription = `subscription ${quoteIdent(name)}`;
    return [
      `alter ${subscription} disable`,
      `alter ${subscription} set (slot_name = none)`,
      `drop ${subscription}`,
    ];
  });
}
