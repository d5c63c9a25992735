/**
 * What a script makes and PostgreSQL does not count among the extension's members: publications, and default privileges
 * of whoever installs it. pg_dump writes both as if the tenant had made them, so that the archive has those of the source.
 */
import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import { defaultPrivilegeResets } from "../rights/default-privileges.ts";

/** Ours in this database. */
export interface BesideMembers {
  readonly self: string;
  readonly publications: readonly string[];
  /** Object ids of default privileges. */
  readonly defaults: readonly string[];
}

export async function besideMembers(admin: Session): Promise<BesideMembers> {
  const [found] = await admin.query<BesideMembers>(
    `select current_user::text as self,
            array(select pubname::text from pg_catalog.pg_publication
                   where pg_catalog.pg_get_userbyid(pubowner) = current_user) as publications,
            array(select oid::text from pg_catalog.pg_default_acl
                   where pg_catalog.pg_get_userbyid(defaclrole) = current_user) as defaults`,
  );
  if (found === undefined) throw new TypeError("a query without a table has one row");
  return found;
}

/** Takes back what came since. */
export async function takeBackBeside(admin: Session, before: BesideMembers): Promise<void> {
  const { self, publications } = await besideMembers(admin);
  for (const statement of await defaultPrivilegeResets(admin, [self], before.defaults))
    await admin.query(statement);
  for (const name of publications.filter((one) => !before.publications.includes(one)))
    await admin.query(`drop publication ${quoteIdent(name)}`);
}
