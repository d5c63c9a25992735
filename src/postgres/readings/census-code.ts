import type { CensusContext } from "./census-context.ts";
import { notMember } from "./scope.ts";
import { textDigest } from "./text-digest.ts";

/** What lies in schemas beside relations: functions, types, operators, collations, text search. */
export function codeQueries(_context: CensusContext): readonly string[] {
  return [
    functions,
    types,
    operators,
    operatorFamilies,
    operatorClasses,
    familyMembers,
    conversions,
    collations,
    ...textSearch,
  ];
}

/** Constructors of range types come with their type. The body is told by its digest. */
const functions = `
  select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, 'pg_proc', p.oid,
         concat_ws(' ', p.oid::regprocedure, p.prokind, pg_catalog.pg_get_function_identity_arguments(p.oid),
           'returns', pg_catalog.pg_get_function_result(p.oid), l.lanname, p.provolatile, p.proparallel,
           case when p.prosecdef then 'security definer' end, case when p.proleakproof then 'leakproof' end,
           case when p.proisstrict then 'strict' end, p.procost, p.prorows, p.pronargdefaults,
           (select 'transforms ' || string_agg(k::regtype::text, ', ') from unnest(p.protrftypes) k),
           array_to_string(p.proconfig, ', '), ${textDigest("p.prosrc")}, p.probin, nullif(p.prosupport::oid, 0)::regproc,
           (select concat_ws(' ', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                     a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggtranstype::regtype, a.aggtransspace, a.agginitval,
                     a.aggminitval, nullif(a.aggsortop, 0)::regoperator, a.aggfinalmodify, a.aggfinalextra,
                     a.aggnumdirectargs, nullif(a.aggmtranstype, 0)::regtype, a.aggmtransspace, a.aggmfinalmodify, a.aggmfinalextra)
              from pg_catalog.pg_aggregate a where a.aggfnoid = p.oid)),
         true
    from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
   where ${notMember("pg_proc", "p")}
     and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
                        and d.deptype = 'i' and d.refclassid = 'pg_catalog.pg_type'::regclass)`;

/** Array types, multiranges and the row types of tables come with what they are of. */
const types = `
  select case t.typtype when 'd' then 'domain' when 'e' then 'enum' when 'r' then 'range type'
           when 'c' then 'composite type' else 'base type' end, 'pg_type', t.oid,
         concat_ws(' ', format('%I.%I', s.nspname, t.typname), t.typtype, t.typlen, t.typcategory, t.typdelim,
           case when t.typnotnull then 'not null' end, case when t.typdefault is not null then 'default' end,
           (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
           case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
           case when t.typcollation not in (0, 100) then t.typcollation::regcollation::text end,
           (select concat_ws(' ', g.rngsubtype::regtype, nullif(g.rngcollation, 0)::regcollation, nullif(g.rngcanonical::oid, 0)::regproc,
                     nullif(g.rngsubdiff::oid, 0)::regproc, (select format('%I.%I', o.opcnamespace::regnamespace, o.opcname) from pg_catalog.pg_opclass o where o.oid = g.rngsubopc),
                     nullif((to_jsonb(g) ->> 'rngmultitypid')::oid, 0)::regtype)
              from pg_catalog.pg_range g where g.rngtypid = t.oid),
           case when t.typtype = 'b' then concat_ws(' ', t.typinput, t.typoutput, t.typstorage, t.typalign, t.typdefault,
             nullif(t.typreceive::oid, 0)::regproc, nullif(t.typsend::oid, 0)::regproc, nullif(t.typmodin::oid, 0)::regproc,
             nullif(t.typmodout::oid, 0)::regproc, nullif(t.typanalyze::oid, 0)::regproc, nullif(t.typelem, 0)::regtype,
             nullif(to_jsonb(t) ->> 'typsubscript', '-'),
             case when t.typcollation <> 0 then 'collatable' end, case when t.typbyval then 'by value' end, case when t.typispreferred then 'preferred' end) end),
         true
    from pg_catalog.pg_type t join space s on s.oid = t.typnamespace
   where ${notMember("pg_type", "t")} and t.typtype <> 'm'
     and (t.typrelid = 0 or exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
     and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)`;

/** Another operator that this one names; a mere mention of one that was never made is left out here too. */
function known(oid: string): string {
  return `(select k.oid::regoperator from pg_catalog.pg_operator k where k.oid = ${oid} and k.oprcode <> 0)`;
}

/** One without a function is a mere mention by another operator, which pg_dump leaves out. */
const operators = `
  select 'operator', 'pg_operator', o.oid,
         concat_ws(' ', o.oid::regoperator, o.oprcode, o.oprresult::regtype, ${known("o.oprcom")},
           ${known("o.oprnegate")}, nullif(o.oprrest::oid, 0)::regproc, nullif(o.oprjoin::oid, 0)::regproc,
           case when o.oprcanmerge then 'merges' end, case when o.oprcanhash then 'hashes' end),
         true
    from pg_catalog.pg_operator o join space s on s.oid = o.oprnamespace
   where ${notMember("pg_operator", "o")} and o.oprcode <> 0`;

/** A family that only holds one class of its own name is made with it and has no entry in an archive. */
const operatorFamilies = `
  select 'operator family', 'pg_opfamily', f.oid, format('%I.%I using %I', s.nspname, f.opfname, a.amname), false
    from pg_catalog.pg_opfamily f join space s on s.oid = f.opfnamespace join pg_catalog.pg_am a on a.oid = f.opfmethod
   where ${notMember("pg_opfamily", "f")}`;

const operatorClasses = `
  select 'operator class', 'pg_opclass', o.oid,
         concat_ws(' ', format('%I.%I', s.nspname, o.opcname), 'using', a.amname, o.opcintype::regtype,
           case when o.opcdefault then 'default' end, nullif(o.opckeytype, 0)::regtype, format('%I.%I', f.opfnamespace::regnamespace, f.opfname)),
         true
    from pg_catalog.pg_opclass o join space s on s.oid = o.opcnamespace join pg_catalog.pg_am a on a.oid = o.opcmethod
    join pg_catalog.pg_opfamily f on f.oid = o.opcfamily
   where ${notMember("pg_opclass", "o")}`;

const familyMembers = `
  with own as (
    select f.oid, format('%I.%I', s.nspname, f.opfname) as identity from pg_catalog.pg_opfamily f join space s on s.oid = f.opfnamespace
     where ${notMember("pg_opfamily", "f")})
  select 'member of an operator family', 'pg_amop', o.oid,
         concat_ws(' ', own.identity, 'operator', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose,
           (select format('%I.%I', f.opfnamespace::regnamespace, f.opfname) from pg_catalog.pg_opfamily f where f.oid = o.amopsortfamily)), false
    from pg_catalog.pg_amop o join own on own.oid = o.amopfamily where ${notMember("pg_amop", "o")}
  union all
  select 'member of an operator family', 'pg_amproc', p.oid,
         concat_ws(' ', own.identity, 'function', p.amprocnum, p.amproclefttype::regtype, p.amprocrighttype::regtype, p.amproc::oid::regprocedure), false
    from pg_catalog.pg_amproc p join own on own.oid = p.amprocfamily where ${notMember("pg_amproc", "p")}`;

const conversions = `
  select 'conversion', 'pg_conversion', c.oid,
         concat_ws(' ', format('%I.%I', s.nspname, c.conname), pg_catalog.pg_encoding_to_char(c.conforencoding),
           pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc, case when c.condefault then 'default' end),
         true
    from pg_catalog.pg_conversion c join space s on s.oid = c.connamespace where ${notMember("pg_conversion", "c")}`;

// Without its encoding, which is -1 for a copy of "C" and the database's once it went through pg_dump.
const collations = `
  select 'collation', 'pg_collation', c.oid,
         concat_ws(' ', format('%I.%I', s.nspname, c.collname), c.collprovider,
           case when c.collisdeterministic then 'deterministic' end, c.collcollate, c.collctype,
           to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'collicurules'),
         true
    from pg_catalog.pg_collation c join space s on s.oid = c.collnamespace where ${notMember("pg_collation", "c")}`;

// The names of a dictionary's options are kept as they were spelt, quoted where its session quoted all names.
const textSearch = [
  `select 'text search parser', 'pg_ts_parser', p.oid,
          concat_ws(' ', format('%I.%I', s.nspname, p.prsname), p.prsstart, p.prstoken, p.prsend, p.prslextype,
            nullif(p.prsheadline::oid, 0)::regproc), true
     from pg_catalog.pg_ts_parser p join space s on s.oid = p.prsnamespace where ${notMember("pg_ts_parser", "p")}`,
  `select 'text search template', 'pg_ts_template', t.oid,
          concat_ws(' ', format('%I.%I', s.nspname, t.tmplname), t.tmplinit, t.tmpllexize), true
     from pg_catalog.pg_ts_template t join space s on s.oid = t.tmplnamespace where ${notMember("pg_ts_template", "t")}`,
  `select 'text search dictionary', 'pg_ts_dict', d.oid,
          concat_ws(' ', format('%I.%I', s.nspname, d.dictname), format('%I.%I', t.tmplnamespace::regnamespace, t.tmplname),
            regexp_replace(d.dictinitoption, '(^|, )"([a-z_][a-z0-9_]*)" = ', '\\1\\2 = ', 'g')), true
     from pg_catalog.pg_ts_dict d join space s on s.oid = d.dictnamespace join pg_catalog.pg_ts_template t on t.oid = d.dicttemplate
    where ${notMember("pg_ts_dict", "d")}`,
  `select 'text search configuration', 'pg_ts_config', c.oid,
          concat_ws(' ', format('%I.%I', s.nspname, c.cfgname), format('%I.%I', p.prsnamespace::regnamespace, p.prsname),
            (select string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' order by m.maptokentype, m.mapseqno)
               from pg_catalog.pg_ts_config_map m where m.mapcfg = c.oid)), true
     from pg_catalog.pg_ts_config c join space s on s.oid = c.cfgnamespace join pg_catalog.pg_ts_parser p on p.oid = c.cfgparser
    where ${notMember("pg_ts_config", "c")}`,
];
