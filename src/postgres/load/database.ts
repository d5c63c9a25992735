import type { DatabaseFingerprint } from "../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { aclStatements } from "./rights/acl.ts";
import type { LoadContext } from "./context.ts";
import { settingStatements } from "./former.ts";
import { givenSettings } from "./rights/given-settings.ts";
import { unmarkStatement } from "./rights/mark.ts";
import { refusalOf } from "./report.ts";
import { settingClause } from "./settings.ts";

/** `CREATE DATABASE` from template0 with the encoding and locale of the fingerprint, or those near it that the version knows. */
export function createDatabaseStatement(name: string, of: DatabaseFingerprint, versionNum: number): string {
  const options = [
    "template template0",
    `encoding ${quoteLiteral(of.encoding)}`,
    `lc_collate ${quoteLiteral(of.collate)}`,
    `lc_ctype ${quoteLiteral(of.ctype)}`,
  ];
  if (versionNum >= 150_000 && of.localeProvider !== "libc") {
    options.push(`locale_provider ${quoteLiteral(of.localeProvider)}`);
    if (of.locale !== null) {
      options.push(
        `${of.localeProvider === "builtin" ? "builtin_locale" : "icu_locale"} ${quoteLiteral(of.locale)}`,
      );
    }
    if (of.icuRules !== null && versionNum >= 160_000) options.push(`icu_rules ${quoteLiteral(of.icuRules)}`);
  }
  return `create database ${quoteIdent(name)} ${options.join(" ")}`;
}

/**
 * What `ALTER DATABASE` and `ALTER ROLE … IN DATABASE` hold, and who may connect (trap 11). Last of
 * all, since a setting such as default_transaction_read_only would stop the load. What the loader's
 * code may have set or granted before is undone first. Where only some tables are loaded, a new database
 * gets the privileges alone, and one that was there before what it had. With the last statement the mark goes that says that
 * the database is not whole, or turns into that of one that was not compared.
 */
export async function applyDatabaseProperties(context: LoadContext, owner: string): Promise<boolean> {
  const { admin, destination, fingerprint, ledger, former } = context;
  const { database: name } = destination;
  const of = fingerprint.database;
  let whole = true;
  const attempt = async (statements: () => readonly string[] | Promise<readonly string[]>): Promise<void> => {
    try {
      for (const statement of await statements()) await admin.query(statement);
    } catch (error) {
      whole = false;
      ledger.problem(`DATABASE ${name}`, { ...refusalOf(error), kind: "machine" });
    }
  };
  const isPart = context.options.tables !== undefined;
  await attempt(() => settingStatements(name, { settings: isPart ? (former?.settings ?? []) : [] }));
  if (!isPart) {
    const settings = await givenSettings(context, of.settings, ({ role }) => role);
    for (const statement of propertyStatements(name, { ...of, settings })) await attempt(() => [statement]);
    if (!of.allowConnections) ledger.note("the source's database allowed no connections; this one does");
  }
  const { acl, owner: named } = isPart && former !== null ? former : of;
  const unmark = destination.side === "target" ? [await unmarking(context)] : [];
  await attempt(async () => {
    const order = { database: name, owner: acl === null ? owner : named, acl };
    // In one query, hence in one transaction: whoever is told to drop the database drops nothing whole.
    return [[...(await databaseAclStatements(admin, order)), ...unmark].join(";\n")];
  });
  // Privileges that were refused have kept the mark on.
  if (!whole) for (const statement of unmark) await admin.query(statement);
  return whole;
}

async function unmarking({ admin, loader, options }: LoadContext): Promise<string> {
  if (options.keptUntilCompared === undefined) return unmarkStatement(loader, null);
  const [found] = await admin.query<{ oid: string }>(
    "select oid::text as oid from pg_catalog.pg_database where datname = pg_catalog.current_database()",
  );
  return unmarkStatement(loader, found?.oid ?? null);
}

function propertyStatements(name: string, of: DatabaseFingerprint): string[] {
  const database = quoteIdent(name);
  const settings = of.settings.map(({ role, name: setting, value }) => {
    const whose =
      role === null ? `alter database ${database}` : `alter role ${quoteIdent(role)} in database ${database}`;
    return `${whose} set ${settingClause(setting, value)}`;
  });
  return [
    ...settings,
    `alter database ${database} connection limit ${String(of.connectionLimit)}`,
    ...(of.isTemplate ? [`alter database ${database} is_template true`] : []),
    // A database that was there before may have one of its own.
    `comment on database ${database} is ${of.comment === null ? "null" : quoteLiteral(of.comment)}`,
  ];
}

/** Statements after which the database has this ACL and no other; `null` is what every new database has. */
export async function databaseAclStatements(
  session: Session,
  {
    database,
    owner,
    acl,
  }: { readonly database: string; readonly owner: string; readonly acl: readonly string[] | null },
): Promise<string[]> {
  const on = `database ${quoteIdent(database)}`;
  const grantees = await session.query<{ name: string }>(
    `select distinct r.rolname::text as name
       from pg_catalog.pg_database d cross join lateral pg_catalog.aclexplode(d.datacl) a
       join pg_catalog.pg_roles r on r.oid = a.grantee
      where d.datname = $1`,
    [database],
  );
  const all = ["public", ...grantees.map(({ name }) => quoteIdent(name))];
  const cleared = `revoke all on ${on} from ${all.join(", ")} cascade`;
  if (acl !== null) return [[cleared, ...(await aclStatements(session, { on, owner }, acl))].join(";\n")];
  return [
    `${cleared};\ngrant all on ${on} to ${quoteIdent(owner)};\ngrant connect, temporary on ${on} to public`,
  ];
}
