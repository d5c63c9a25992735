import type { CensusContext } from "./census-context.ts";

/** The kinds of these entries begin so; the name of the extension follows. */
export const memberOfExtension = "member of extension ";

/**
 * What belongs to an extension. Its version stands for what its script made, but whoever owns it can make
 * objects of their own members (`ALTER EXTENSION … ADD`), and those pg_dump leaves out. A schema tenant has
 * only those that lie in its schemas.
 */
export function extensionQueries(_context: CensusContext): readonly string[] {
  return [members];
}

const members = `
  select '${memberOfExtension}' || e.extname, 'pg_extension', e.oid, concat_ws(' ', i.type, i.identity), false
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
   where d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::regclass
     and ($1::text[] is null or i.schema = any ($1))`;
