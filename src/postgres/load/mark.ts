/**
 * A load that is killed leaves what it made. As long as its login is there a mark on that tells which database
 * is not whole: until the owner is set the login owns it, and what comes after (grants, settings, event
 * triggers) is not to be missed either. By its oid, since a database of that name may be another one tomorrow.
 */
import { quoteIdent, quoteLiteral } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { isLoader } from "./loader-name.ts";

const words = "holdfast loads the database of oid ";

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
  await server.query(`comment on role ${quoteIdent(loader)} is ${quoteLiteral(words + found.oid)}`);
}

/** The database of the session and the login of the load that did not come to its end there; null: none that is known. */
export async function findBrokenLoad(
  session: Session,
): Promise<{ readonly database: string; readonly loader: string } | null> {
  const rows = await session.query<{ database: string; loader: string }>(
    `select d.datname::text as database, r.rolname::text as loader
       from pg_catalog.pg_database d join pg_catalog.pg_roles r
         on r.oid = d.datdba or pg_catalog.shobj_description(r.oid, 'pg_authid') = $1 || d.oid::text
      where d.datname = pg_catalog.current_database()`,
    [words],
  );
  return rows.find(({ loader }) => isLoader(loader)) ?? null;
}
