import type { Scope } from "../../model/fingerprint.ts";
import { good, listed, warned, type Examined } from "./examined.ts";
import { readDatabase } from "../readings/database.ts";
import { readExtensions } from "../readings/extensions.ts";
import type { ServerOffers } from "../server/server-offers.ts";
import type { Session } from "../session/session.ts";

/**
 * Where a proof will be impossible, said before the first backup (trap 21): a locale or the version of an
 * extension that scratch does not have, or objects outside its schemas that a schema tenant needs.
 */
export async function forecastProof(
  session: Session,
  request: { readonly scope: Scope; readonly leaveOutExtensions: readonly string[] },
  offers: ServerOffers,
): Promise<Examined[]> {
  return [
    await forecastExtensions(session, request.leaveOutExtensions, offers),
    await forecastLocale(session, request.scope, offers),
    ...(request.scope.kind === "schemas" ? [await forecastOutside(session, request.scope.schemas)] : []),
  ];
}

async function forecastExtensions(
  session: Session,
  leaveOut: readonly string[],
  offers: ServerOffers,
): Promise<Examined> {
  const extensions = (await readExtensions(session, leaveOut)).filter(({ leftOut }) => !leftOut);
  const lacking = extensions.filter(
    ({ name, version }) => offers.extensions.get(name)?.includes(version) !== true,
  );
  if (lacking.length === 0) return good("proof: extensions", `scratch has all ${String(extensions.length)}`);
  const names = lacking.map(({ name, version }) => {
    const others = offers.extensions.get(name);
    return `${name} ${version} (${others === undefined ? "not at all" : `only ${others.join(", ")}`})`;
  });
  return warned("proof: extensions", `no proof will be possible, scratch does not have ${listed(names)}`);
}

async function forecastLocale(session: Session, scope: Scope, offers: ServerOffers): Promise<Examined> {
  const database = await readDatabase(session, scope, []);
  const wanted = new Set([
    database.collate,
    database.ctype,
    ...(database.locale === null ? [] : [database.locale]),
  ]);
  const known = new Set(offers.locales.map(({ name }) => plain(name)));
  const lacking = [...wanted].filter(
    (name) => !["c", "posix"].includes(plain(name)) && !known.has(plain(name)),
  );
  if (lacking.length === 0) return good("proof: locale", `scratch has ${[...wanted].join(", ")}`);
  return warned("proof: locale", `no proof will be possible, scratch does not have ${listed(lacking)}`);
}

/** `en_US.UTF-8` and `en_US.utf8` are the same locale. */
function plain(locale: string): string {
  return locale.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** What the tenant's objects depend on that lies neither in its schemas nor in the system nor in an extension. */
async function forecastOutside(session: Session, schemas: readonly string[]): Promise<Examined> {
  const outside = await session.query<{ name: string }>(
    `with placed(classid, objid, space) as (
       select 'pg_catalog.pg_class'::pg_catalog.regclass, oid, relnamespace from pg_catalog.pg_class
       union all select 'pg_catalog.pg_type'::pg_catalog.regclass, oid, typnamespace from pg_catalog.pg_type
       union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, oid, pronamespace from pg_catalog.pg_proc
       union all select 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid, connamespace from pg_catalog.pg_constraint
       union all select 'pg_catalog.pg_operator'::pg_catalog.regclass, oid, oprnamespace from pg_catalog.pg_operator
       union all select 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, opcnamespace from pg_catalog.pg_opclass
       union all select 'pg_catalog.pg_collation'::pg_catalog.regclass, oid, collnamespace from pg_catalog.pg_collation
       union all select 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid, stxnamespace from pg_catalog.pg_statistic_ext
       union all select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid, cfgnamespace from pg_catalog.pg_ts_config
       union all select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid, dictnamespace from pg_catalog.pg_ts_dict),
     ours as (
       select p.classid, p.objid from placed p join pg_catalog.pg_namespace n on n.oid = p.space
        where n.nspname = any ($1::text[])
       union all
       select part.classid, part.objid from (
         select 'pg_catalog.pg_trigger'::pg_catalog.regclass, oid, tgrelid from pg_catalog.pg_trigger where not tgisinternal
         union all select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, oid, ev_class from pg_catalog.pg_rewrite
         union all select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, oid, adrelid from pg_catalog.pg_attrdef
         union all select 'pg_catalog.pg_policy'::pg_catalog.regclass, oid, polrelid from pg_catalog.pg_policy) part(classid, objid, relation)
         join pg_catalog.pg_class c on c.oid = part.relation
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any ($1::text[]))
     select distinct pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) as name
       from pg_catalog.pg_depend d
       join ours o on o.classid = d.classid and o.objid = d.objid
       join placed p on p.classid = d.refclassid and p.objid = d.refobjid
       join pg_catalog.pg_namespace n on n.oid = p.space
      where n.nspname <> all ($1::text[]) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (
          select from pg_catalog.pg_depend e
           where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e')
      order by 1`,
    [schemas],
  );
  if (outside.length === 0) return good("proof: schemas", "nothing outside the tenant's schemas is needed");
  const names = listed(outside.map(({ name }) => name));
  return warned(
    "proof: schemas",
    `no proof will be possible, the schemas depend on ${names}, which are not the tenant's`,
  );
}
