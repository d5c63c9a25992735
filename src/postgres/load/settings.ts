import type { Session } from "../session/session.ts";
import { setKnown } from "../session/settings.ts";
import { quoteIdent, quoteLiteral } from "../session/quote.ts";

/**
 * What must hold for each statement of the load, whatever a tenant's function did to the session before. What the text
 * of a value means, or an expression of a materialised view gives, is as in scratch, where nobody has set anything: else
 * a target would get other than what was proven, or nothing at all.
 */
const steady: Readonly<Record<string, string>> = {
  check_function_bodies: "off",
  client_min_messages: "error",
  row_security: "off",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  timezone: "UTC",
  lc_monetary: "C",
  xmloption: "content",
  xmlbinary: "base64",
  array_nulls: "on",
  bytea_output: "hex",
  extra_float_digits: "1",
  gin_fuzzy_search_limit: "0",
  quote_all_identifiers: "off",
  transform_null_equals: "off",
  default_tablespace: "",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
};

/** What not every release knows; older ones have no such limits. */
const later: Readonly<Record<string, string>> = {
  restrict_nonsystem_relation_kind: "",
  transaction_timeout: "0",
};

/** Statements to put before others in one query; `search_path` is the stored form of the setting, no limit of time is 0. */
export function preamble(searchPath: string, tableAm = "", statementMs = 0): string {
  const settings = Object.entries(steady).map(([name, value]) => `set ${name} = ${quoteLiteral(value)}`);
  return [
    "reset session authorization",
    "reset role",
    ...settings,
    `set statement_timeout = ${String(statementMs)}`,
    `set default_table_access_method = ${quoteLiteral(tableAm === "" ? "heap" : tableAm)}`,
    `set search_path = ${listValue(searchPath)}`,
    "",
  ].join(";\n");
}

/** Once per session, since the grammar reads a whole query before the settings in it take effect. */
export async function settle(session: Session, standardStrings: boolean): Promise<void> {
  await session.query("set default_transaction_read_only = off");
  await session.query(`set standard_conforming_strings = ${standardStrings ? "on" : "off"}`);
  await session.query(preamble(""));
  await setKnown(session, later);
}

/** Settings whose stored value is a list of identifiers, quoted where they need it (GUC_LIST_QUOTE). */
const lists = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** `name = value` for SET, from a name and a value as pg_db_role_setting holds them. */
export function settingClause(name: string, value: string): string {
  const left = name.split(".").map(quoteIdent).join(".");
  return `${left} = ${lists.has(name.toLowerCase()) ? listValue(value) : quoteLiteral(value)}`;
}

function listValue(stored: string): string {
  const items = Array.from(
    stored.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]+?))\s*(?:,|$)/g),
    ([, quoted, bare]) => quoteLiteral(quoted === undefined ? (bare ?? "") : quoted.replaceAll('""', '"')),
  );
  return items.length === 0 ? "''" : items.join(", ");
}
