import type { DatabaseFingerprint } from "../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral } from "../quote.ts";
import type { Session } from "../session.ts";
import { aclStatements } from "./acl.ts";
import { refusalOf, type Ledger } from "./report.ts";
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
    options.push(`locale_provider ${of.localeProvider}`);
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
 * code may have set before is undone first.
 */
export async function applyDatabaseProperties(
  admin: Session,
  name: string,
  of: DatabaseFingerprint,
  ledger: Ledger,
): Promise<boolean> {
  const database = quoteIdent(name);
  const subject = `DATABASE ${name}`;
  let whole = true;
  const attempt = async (statement: string): Promise<void> => {
    try {
      await admin.query(statement);
    } catch (error) {
      whole = false;
      ledger.problem(subject, { ...refusalOf(error), kind: "machine" });
    }
  };
  await attempt(`alter database ${database} reset all`);
  for (const { role, name: setting, value } of of.settings) {
    const whose =
      role === null ? `alter database ${database}` : `alter role ${quoteIdent(role)} in database ${database}`;
    await attempt(`${whose} set ${settingClause(setting, value)}`);
  }
  await attempt(`alter database ${database} connection limit ${String(of.connectionLimit)}`);
  if (of.isTemplate) await attempt(`alter database ${database} is_template true`);
  if (!of.allowConnections) ledger.note("the source's database allowed no connections; this one does");
  if (of.comment !== null) await attempt(`comment on database ${database} is ${quoteLiteral(of.comment)}`);
  try {
    const statements = await aclStatements(admin, { on: `database ${database}`, owner: of.owner }, of.acl);
    if (statements.length > 0) await attempt(statements.join(";\n"));
  } catch (error) {
    whole = false;
    ledger.problem(subject, { ...refusalOf(error), kind: "machine" });
  }
  return whole;
}
