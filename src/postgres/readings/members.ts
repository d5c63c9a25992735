/**
 * What members of extensions are like. No dump tells what was altered of them (a function replaced, a comment, storage
 * parameters), and only beside a database where the same script ran can be seen that it was. So it is told and refutes
 * nothing: packages of one version differ, and so may what an update made.
 */
import type { MembersFingerprint } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import { wording } from "../session/settings.ts";
import { digestOf } from "./reading-digests.ts";
import { textDigest } from "./text-digest.ts";

/** Of a whole database; a schema tenant has no extensions of its own. */
export async function readMembers(session: Session): Promise<MembersFingerprint> {
  const statement = membersStatement(session.versionNum);
  const members = await session.query<MembersFingerprint["members"][number]>(statement);
  return { reading: digestOf(wording, statement), members };
}

/** Columns keep a version among their options from 15.20 on, another one in each database. */
const column = `row(a.attname, a.attstorage, coalesce(a.attstattarget, -1),
  array(select o from unnest(a.attoptions) o where o not like 'pg_attver=%' order by o),
  pg_catalog.col_description(a.attrelid, a.attnum),
  (select pg_catalog.pg_get_expr(x.adbin, x.adrelid) from pg_catalog.pg_attrdef x where x.adrelid = a.attrelid and x.adnum = a.attnum))::text`;

function membersStatement(versionNum: number): string {
  const body = versionNum >= 140_000 ? "pg_catalog.pg_get_function_sqlbody(p.oid)" : "null";
  const alike = `row(
    pg_catalog.obj_description(d.objid, k.relname),
    (select row(l.lanname, p.prosrc, p.probin, ${body}, pg_catalog.pg_get_function_arguments(p.oid), p.provolatile, p.proparallel,
         p.prosecdef, p.proleakproof, p.proisstrict, p.procost, p.prorows, p.proconfig)::text
       from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
      where k.relname = 'pg_proc' and p.oid = d.objid),
    (select row(c.reloptions, c.relpersistence, c.relreplident,
         case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
         (select row(s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle)::text
            from pg_catalog.pg_sequence s where s.seqrelid = c.oid),
         array(select ${column} from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'S' order by a.attnum))::text
       from pg_catalog.pg_class c where k.relname = 'pg_class' and c.oid = d.objid),
    (select row(t.typnotnull, t.typdefault, t.typstorage,
         array(select n.enumlabel::text from pg_catalog.pg_enum n where n.enumtypid = t.oid order by n.enumsortorder),
         array(select pg_catalog.pg_get_constraintdef(x.oid) from pg_catalog.pg_constraint x where x.contypid = t.oid order by 1))::text
       from pg_catalog.pg_type t where k.relname = 'pg_type' and t.oid = d.objid))::text`;
  return `
  select e.extname::text as extension, concat_ws(' ', i.type, i.identity) as identity,
         pg_catalog.left(${textDigest(alike)}, 16) as digest
    from pg_catalog.pg_depend d
    join pg_catalog.pg_extension e on e.oid = d.refobjid
    join pg_catalog.pg_class k on k.oid = d.classid
   cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
   where d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.objsubid = 0 and i.identity is not null
   order by 1, 2`;
}
