import { quoteIdent, quoteLiteral } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { aclStatements } from "./rights/acl.ts";
import { settingClause } from "./settings.ts";

/** What somebody had set for a database that is not of our making, and what its schema public was. */
export interface Former {
  readonly owner: string;
  readonly acl: readonly string[] | null;
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly connectionLimit: number;
  readonly comment: string | null;
  /** By name; plpgsql is in every new database. */
  readonly extensions: readonly string[];
  readonly publicSchema: {
    readonly owner: string;
    readonly acl: readonly string[] | null;
    readonly comment: string | null;
  } | null;
}

/** Before anything is changed there. */
export async function readFormer(inside: Session): Promise<Former> {
  const [database] = await inside.query<{
    owner: string;
    acl: string[] | null;
    settings: string[];
    connectionLimit: number;
    comment: string | null;
    extensions: string[];
  }>(
    `select pg_catalog.pg_get_userbyid(d.datdba)::text as owner, d.datacl::text[] as acl,
            d.datconnlimit as "connectionLimit", array(select extname::text from pg_catalog.pg_extension) as extensions, pg_catalog.shobj_description(d.oid, 'pg_database') as comment,
            coalesce((select s.setconfig from pg_catalog.pg_db_role_setting s where s.setdatabase = d.oid and s.setrole = 0), '{}') as settings
       from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`,
  );
  const [publicSchema] = await inside.query<{ owner: string; acl: string[] | null; comment: string | null }>(
    `select pg_catalog.pg_get_userbyid(n.nspowner)::text as owner, n.nspacl::text[] as acl,
            pg_catalog.obj_description(n.oid, 'pg_namespace') as comment
       from pg_catalog.pg_namespace n where n.nspname = 'public'`,
  );
  return {
    owner: database?.owner ?? "",
    acl: database?.acl ?? null,
    settings: (database?.settings ?? []).map((one) => ({
      name: one.slice(0, one.indexOf("=")),
      value: one.slice(one.indexOf("=") + 1),
    })),
    connectionLimit: database?.connectionLimit ?? -1,
    comment: database?.comment ?? null,
    extensions: database?.extensions ?? [],
    publicSchema: publicSchema ?? null,
  };
}

/** Statements that give the database's own limit and comment back. */
export function remarkStatements(name: string, { connectionLimit, comment }: Former): string[] {
  const database = `database ${quoteIdent(name)}`;
  return [
    `alter ${database} connection limit ${String(connectionLimit)}`,
    `comment on ${database} is ${comment === null ? "null" : quoteLiteral(comment)}`,
  ];
}

/** Statements that give the database's own settings back. */
export function settingStatements(database: string, { settings }: Pick<Former, "settings">): string[] {
  return [
    `alter database ${quoteIdent(database)} reset all`,
    ...settings.map(
      ({ name, value }) => `alter database ${quoteIdent(database)} set ${settingClause(name, value)}`,
    ),
  ];
}

/** Owner, privileges and comment of public as they were; it is there. */
export async function publicStatements(inside: Session, { publicSchema }: Former): Promise<string[]> {
  if (publicSchema === null) return ["drop schema if exists public"];
  const { owner, acl, comment } = publicSchema;
  return [
    `alter schema public owner to ${quoteIdent(owner)}`,
    ...(await aclStatements(inside, { on: "schema public", owner }, acl)),
    `comment on schema public is ${comment === null ? "null" : quoteLiteral(comment)}`,
  ];
}
