import { Failure } from "../../base/failure.ts";
import type { Session } from "./session.ts";

/**
 * How constants and names are spelt in what the server says its objects are. pg_dump, which leaves these to the
 * tenant's database, is given the same, so that its archive says word for word what our own sessions read.
 */
export const spelling: Readonly<Record<string, string>> = {
  timezone: "UTC",
  bytea_output: "hex",
  lc_monetary: "C",
  quote_all_identifiers: "off",
};

/** All that what the server says of an expression, or of a value in it, is spelt by. */
export const wording: Readonly<Record<string, string>> = {
  ...spelling,
  client_encoding: "UTF8",
  search_path: "",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  extra_float_digits: "3",
  xmloption: "content",
};

/**
 * Settings under which the text of a value and the order of rows depend on nothing but the data
 * (design, section 4; traps 2, 4, 7). Those that a server does not know are left out.
 */
const exactText: Readonly<Record<string, string>> = {
  ...wording,
  // A view under the name of a table must not run its functions as us.
  restrict_nonsystem_relation_kind: "view,foreign-table",
  row_security: "off",
  // Rows in physical order: one process, from the first block, never by way of an index.
  synchronize_seqscans: "off",
  max_parallel_workers_per_gather: "0",
  enable_indexscan: "off",
  enable_indexonlyscan: "off",
  enable_bitmapscan: "off",
  enable_tidscan: "on",
  jit: "off",
  // The planner would evaluate the CHECKs of tables, and with them call functions of the tenant as us.
  constraint_exclusion: "off",
  // A limit set for the tenant's own sessions would end the holder in the middle of a backup.
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
};

/** Applies the settings to the session, beyond any transaction. */
export async function setExactText(session: Session): Promise<void> {
  // Alone and first, for a server that was not told at the start: its database may allow statements less
  // time than the next one takes, and have operators of its own found before ours.
  await session.query("set statement_timeout = 0; set search_path = ''");
  await setKnown(session, exactText);
  await assertExactText(session);
}

/** Sets those that the server knows, beyond any transaction. */
export async function setKnown(session: Session, settings: Readonly<Record<string, string>>): Promise<void> {
  await session.query(
    `select pg_catalog.set_config(wanted.key, wanted.value, false)
       from pg_catalog.json_each_text($1::pg_catalog.json) as wanted
      where pg_catalog.current_setting(wanted.key, true) is not null`,
    [JSON.stringify(settings)],
  );
}

const scans = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];

/**
 * Lets the server use the indexes of its catalogs while `work` reads nothing else: without them what it takes to
 * describe some thousand tables grows with the square of their number. Should `work` fail the session is of no more use.
 */
export async function readingCatalogs<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const all = (value: "on" | "off"): string => scans.map((name) => `set ${name} = ${value}`).join("; ");
  await session.query(all("on"));
  const result = await work();
  await session.query(all("off"));
  return result;
}

/** Reads them again; a value that is not ours ("source/failed") means that the text may not be exact. */
export async function assertExactText(session: Session): Promise<void> {
  // Each by its name: the view of all settings is made anew for every query, and took most of the time.
  const rows = await session.query<{ name: string; setting: string }>(
    `select name, pg_catalog.current_setting(name, true) as setting from unnest($1::text[]) as name
      where pg_catalog.current_setting(name, true) is not null`,
    [Object.keys(exactText)],
  );
  const changed = rows.filter(({ name, setting }) => !sameSetting(setting, exactText[name] ?? ""));
  if (rows.length === 0 || changed.length > 0) {
    const names = changed.map(({ name }) => name).join(", ");
    throw new Failure("source/pooler", `settings of the session did not stay as they were set: ${names}`);
  }
}

function sameSetting(found: string, wanted: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s"]/g, "");
  return plain(found) === plain(wanted);
}
