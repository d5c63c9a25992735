/**
 * A load that is killed leaves what it made. Its login tells by a mark which database is not whole: from before
 * anything is in there until the load's very last statement, which takes it off, or, where a comparison follows, turns
 * it into the mark of what was not compared, which `forgetLoad` takes off. Neither that the login is there nor what it
 * owns tells anything, since a login that something depends on stays beside a database that is whole. By the
 * database's oid, since one of that name may be another tomorrow.
 */
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import { isLoader } from "./loader-name.ts";

const words = {
  loading: "holdfast loads the database of oid ",
  comparing: "holdfast has not compared the database of oid ",
} as const;

/** What was broken off. */
type BrokenOff = keyof typeof words;

/** By whoever made the login. */
export async function markLoad(
  server: Session,
  { loader, database }: { readonly loader: string; readonly database: string },
): Promise<void> {
  const [found] = await server.query<{ oid: string }>(
    "select oid::text as oid from pg_catalog.pg_database where datname = $1",
    [database],
  );
  if (found === undefined) return;
  await server.query(`comment on role ${quoteIdent(loader)} is ${quoteLiteral(words.loading + found.oid)}`);
}

/**
 * `uncompared`: the oid of a database whose load has come to its end, and which is to be compared; in one transaction
 * with the load's last statement. null: nobody waits for anything any more.
 */
export function unmarkStatement(loader: string, uncompared: string | null): string {
  const mark = uncompared === null ? "null" : quoteLiteral(words.comparing + uncompared);
  return `comment on role ${quoteIdent(loader)} is ${mark}`;
}

/** The database of the session, and the login of a restore that did not come to its end there; null: none that is known. */
export async function findBrokenLoad(
  session: Session,
): Promise<{ readonly database: string; readonly loader: string; readonly at: BrokenOff } | null> {
  const rows = await session.query<{ database: string; loader: string; said: string }>(
    `select d.datname::text as database, r.rolname::text as loader,
            pg_catalog.shobj_description(r.oid, 'pg_authid') as said
       from pg_catalog.pg_database d join pg_catalog.pg_roles r
         on pg_catalog.shobj_description(r.oid, 'pg_authid') = any (array[$1 || d.oid::text, $2 || d.oid::text])
      where d.datname = pg_catalog.current_database()`,
    [words.loading, words.comparing],
  );
  const found = rows.find(({ loader }) => isLoader(loader));
  if (found === undefined) return null;
  const { database, loader, said } = found;
  return { database, loader, at: said.startsWith(words.loading) ? "loading" : "comparing" };
}
