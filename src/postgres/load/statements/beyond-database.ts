/**
 * What of an archive only a superuser makes, and what reaches the server by it: its memory, its files, the sessions of others.
 * A source's superuser may have made it for the tenant; on a target that others share it is nobody's, unless it is known
 * to keep to the database.
 */
import type { TocEntry } from "../../archive/toc.ts";
import { bareSql } from "./bare-sql.ts";
import type { Refusal } from "../report.ts";

const readAsTheOther = "values of the one type are read from memory as the other";

const reasons: Readonly<Record<string, string>> = {
  FUNCTION: "in its language all can be done that the server can do",
  PROCEDURE: "in its language all can be done that the server can do",
  AGGREGATE: "its state lies in the server's memory, and nobody checks how it is read",
  TYPE: "its values are read from the server's memory by code in C",
  "TEXT SEARCH PARSER": "nobody checks what its functions in C are given",
  "TEXT SEARCH TEMPLATE": "nobody checks what its functions in C are given",
  "PROCEDURAL LANGUAGE": "its handler runs what it is given with the server's own rights",
  CAST: readAsTheOther,
  "FOREIGN DATA WRAPPER": "its handler reads with the server's own rights",
  "EVENT TRIGGER": "it runs code of the tenant's as whoever changes the database, the administrator too",
  SUBSCRIPTION: "its owner says where and as whom the server connects",
};

/** What only the administrator makes of these is beyond the database; all of the others of that table unless said otherwise. */
const unlessLoaders = new Set(["FUNCTION", "PROCEDURE", "AGGREGATE", "TYPE"]);

/** Why it is not made; null where it may be. `isAdmins`: the loader could not make it. */
export function beyondDatabase(
  { desc, defn }: Pick<TocEntry, "desc" | "defn">,
  isAdmins: boolean,
  standardStrings: boolean,
): Refusal | null {
  const reason = reasons[desc];
  if (reason === undefined || (unlessLoaders.has(desc) && !isAdmins)) return null;
  const bare = bareSql(defn, standardStrings)?.trim();
  if (bare !== undefined && keepsWithin[desc]?.(bare, defn.trim()) === true) return null;
  return notMadeOnShared(reason);
}

function notMadeOnShared(reason: string): Refusal {
  const message = `it is not made on a target that others share: ${reason}`;
  return { sqlState: undefined, message, kind: "machine" };
}

/** Where the catalogs say so once it was run, see `castsOfTexts` and `callsOfItsTypes`. */
export const castInMemory = notMadeOnShared(readAsTheOther);
export const calledByOthers = notMadeOnShared(
  "what it calls is not known to take the values that it is given",
);

/** Types whose values are any text, which whoever reads it takes apart with care. */
const texts = String.raw`(?:text|character(?: varying)?|json|xml|[\w"]+\.citext)`;
const castOfTexts = new RegExp(`^CREATE CAST \\(${texts} AS ${texts}\\) WITHOUT FUNCTION(?: AS \\w+)?;$`);

const keepsWithin: Readonly<Record<string, (bare: string, defn: string) => boolean>> = {
  // Nothing but a name.
  TYPE: (bare) => /^CREATE TYPE [^\s;]+;$/.test(bare),
  // An extension of that name, which the server's own administrator has put there.
  "PROCEDURAL LANGUAGE": (bare) => /^CREATE OR REPLACE PROCEDURAL LANGUAGE [\w"]+;$/.test(bare),
  CAST: (bare, defn) => !/\bWITHOUT\b/i.test(bare) || castOfTexts.test(defn),
  // Without a handler there is nothing to read.
  "FOREIGN DATA WRAPPER": (bare) => !/\bHANDLER\b/i.test(bare),
};

/**
 * Fails unless casts without a function that this transaction made are between those types in truth: a tenant may call a
 * range citext, and a text read as one has bounds of whatever length the text says.
 */
export const castsOfTexts = `select 1 / (case when exists (
  select from pg_catalog.pg_cast c join pg_catalog.pg_type t on t.oid in (c.castsource, c.casttarget)
   where c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid and c.castmethod = 'b'
     and not (t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and t.typname in ('text', 'bpchar', 'varchar', 'json', 'xml'))
     and not (t.typtype = 'b' and exists (
       select from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid
          and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e' and e.extname = 'citext'))) then 0 else 1 end)`;

/**
 * Fails unless whatever this transaction made for operator classes is called with values of the types that it takes: the
 * server believes an operator class, and would read a number as a place in its memory.
 */
export const callsOfItsTypes = `select 1 / (case when exists (
  select from pg_catalog.pg_amproc a
    join pg_catalog.pg_opfamily f on f.oid = a.amprocfamily
    join pg_catalog.pg_am m on m.oid = f.opfmethod
    join pg_catalog.pg_proc p on p.oid = a.amproc
   where a.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid
     and not (m.amname in ('btree', 'hash') and a.amprocnum = 1
              and pg_catalog.array_to_string(p.proargtypes::oid[], ' ') = case m.amname when 'hash' then a.amproclefttype::text
                    else concat_ws(' ', a.amproclefttype, a.amprocrighttype) end)) then 0 else 1 end)`;
