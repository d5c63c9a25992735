/** What has to hold of the catalogs once the administrator has run an entry, whatever its words were. */
import { quoteLiteral } from "../../session/quote.ts";
import type { TocEntry } from "../../archive/toc.ts";
import { calledByOthers, callsOfItsTypes, castInMemory, castsOfTexts } from "./beyond-database.ts";
import type { LoadContext } from "../context.ts";
import type { Refusal } from "../report.ts";
import { isShared } from "../rights/shared.ts";

/** Statements behind the entry: a division by zero where it is not so, and the entry was never run. */
export function conditionOf(
  { destination, loader }: Pick<LoadContext, "destination" | "loader">,
  { desc }: TocEntry,
): string {
  if (desc === "CAST") return isShared(destination) ? `${noCastOfTenant};${castsOfTexts}` : noCastOfTenant;
  const ofTypes = isShared(destination) && ofOperators.has(desc) ? callsOfItsTypes : "";
  return severalByName.has(desc) ? `${nothingKept(loader)};${ofTypes}` : "";
}

/** Named by the statement that would drop them, which the archive has beside the one that makes them. */
const severalByName = new Set(["AGGREGATE", "FUNCTION", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE"]);

const ofOperators = new Set(["OPERATOR CLASS", "OPERATOR FAMILY"]);

/** Why, where more than the words of the entry were at fault. */
export function unmet(
  { destination }: Pick<LoadContext, "destination">,
  { desc, defn }: TocEntry,
): Refusal | null {
  if (desc === "CAST") return /\bWITHOUT FUNCTION\b/.test(defn) ? castInMemory : castOfTenant;
  return isShared(destination) && ofOperators.has(desc) ? calledByOthers : null;
}

/**
 * Between two of the system's own types a function of the tenant's would be called by the administrator's next question:
 * where that casts to what questions to the catalogs cast to, or where a cast by itself begins with what they may hold.
 */
const noCastOfTenant = `select 1 / (case when exists (
  select from pg_catalog.pg_cast c
    join pg_catalog.pg_proc p on p.oid = c.castfunc
    join pg_catalog.pg_language l on l.oid = p.prolang
    join pg_catalog.pg_type source on source.oid = c.castsource
    join pg_catalog.pg_type target on target.oid = c.casttarget
   where c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid and l.lanname not in ('c', 'internal')
     and c.castsource < '16384'::pg_catalog.oid and c.casttarget < '16384'::pg_catalog.oid
     and (target.typname not in ('int2', 'float4', 'numeric', 'varchar', 'bpchar', 'uuid', 'money', 'date', 'time', 'timetz',
                                 'timestamp', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'xml', 'point')
          or c.castcontext = 'i' and source.typname not in ('varchar', 'bpchar', 'uuid', 'money', 'date', 'time', 'timetz',
                                 'timestamp', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'xml', 'point'))) then 0 else 1 end)`;

const castOfTenant: Refusal = {
  sqlState: undefined,
  message:
    "it is between types of the system that questions to the catalogs use, and its function would run with all rights",
  kind: "machine",
};

/**
 * Fails unless all routines, operator classes and families that this transaction touched are the loader's now. Should the
 * archive have given away another than it made, both were touched, and what was made is the administrator's still.
 */
export function nothingKept(loader: string): string {
  const touched = [
    ["pg_proc", "proowner"],
    ["pg_opclass", "opcowner"],
    ["pg_opfamily", "opfowner"],
  ].map(
    ([table = "", owner = ""]) =>
      `select ${owner} as owner from pg_catalog.${table} where xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid`,
  );
  return `select 1 / (case when exists (select from (${touched.join(" union all ")}) touched
    where pg_catalog.pg_get_userbyid(owner) <> ${quoteLiteral(loader)}) then 0 else 1 end)`;
}
