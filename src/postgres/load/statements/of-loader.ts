import { quoteLiteral } from "../../session/quote.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { LoadContext } from "../context.ts";
import { objectOf } from "../rights/owners.ts";
import { refusalOf, type Refusal } from "../report.ts";

/** Each takes a lock until the rollback. */
const atOnce = 200;

/**
 * Why an entry's object may not be given away: it is not the loader's, to whom belongs all that the load has made so far.
 * The archive names what the administrator gives, and a forged one may name what is the server's, an extension's or
 * somebody's who was there before. What a name means is for the server to say, by the statements' own grammar: each
 * object gets a comment, is found by it, and the transaction is rolled back. Entries without an object of their own are in order.
 */
export async function notOfLoader(
  context: LoadContext,
  entries: readonly TocEntry[],
): Promise<ReadonlyMap<TocEntry, Refusal>> {
  const named = entries.filter((entry) => entry.owner !== "" && objectOf(entry) !== null && !isPublic(entry));
  const others = new Map<TocEntry, Refusal>();
  for (let at = 0; at < named.length; at += atOnce) {
    const some = named.slice(at, at + atOnce);
    const refusal = await lookAt(context, some, others);
    if (refusal === null) continue;
    // One of them cannot be named.
    for (const one of some) {
      const met = await lookAt(context, [one], others);
      if (met !== null) others.set(one, met);
    }
  }
  return others;
}

/** Which every database has from its beginning. */
function isPublic({ desc, tag }: TocEntry): boolean {
  return desc === "SCHEMA" && tag === "public";
}

/** Returns why they could not be looked at. */
async function lookAt(
  { admin, loader }: LoadContext,
  entries: readonly TocEntry[],
  others: Map<TocEntry, Refusal>,
): Promise<Refusal | null> {
  const mark = (place: number): string => `${loader} ${String(place)}`;
  const comments = entries.map(
    (entry, place) => `comment on ${objectOf(entry) ?? ""} is ${quoteLiteral(mark(place))}`,
  );
  try {
    await admin.query("begin");
    await admin.query(comments.join(";\n"));
    const found = await admin.query<{ mark: string }>(ofLoaderQuery, [loader]);
    const own = new Set(found.map((row) => row.mark));
    for (const [place, entry] of entries.entries())
      if (!own.has(mark(place))) others.set(entry, { sqlState: undefined, message, kind: "machine" });
    return null;
  } catch (error) {
    return refusalOf(error);
  } finally {
    await admin.query("rollback");
  }
}

const message = "it is none of what was loaded, and stays with whom it belongs to";

const ofLoaderQuery = `
  select c.description as mark
    from pg_catalog.pg_description c
    join pg_catalog.pg_shdepend s on s.classid = c.classoid and s.objid = c.objoid and s.objsubid = 0
   where c.objsubid = 0 and pg_catalog.starts_with(c.description, $1) and s.deptype = 'o'
     and s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
     and s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
     and s.refobjid = (select oid from pg_catalog.pg_roles where rolname = $1)`;
