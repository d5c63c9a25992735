import type { TocEntry } from "../archive/toc.ts";
import { bareSql } from "./bare-sql.ts";

/** What neither grants, comments nor labels of an entry are about: it lies outside of the database. */
const outside = "(?!DATABASE |ROLE |TABLESPACE |PARAMETER )";

/** How each statement of an entry that the administrator may run begins, in the words of pg_dump 13 to 18. */
const beginnings: Readonly<Record<string, RegExp>> = {
  FUNCTION: /^CREATE (?:OR REPLACE )?FUNCTION /,
  PROCEDURE: /^CREATE (?:OR REPLACE )?PROCEDURE /,
  AGGREGATE: /^CREATE AGGREGATE /,
  "SHELL TYPE": /^CREATE TYPE /,
  TYPE: /^CREATE TYPE /,
  TABLE: /^CREATE (?:UNLOGGED )?TABLE /,
  "TEXT SEARCH PARSER": /^CREATE TEXT SEARCH PARSER /,
  "TEXT SEARCH TEMPLATE": /^CREATE TEXT SEARCH TEMPLATE /,
  "PROCEDURAL LANGUAGE": /^CREATE (?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE /,
  CAST: /^CREATE CAST /,
  TRANSFORM: /^CREATE TRANSFORM /,
  "OPERATOR FAMILY": /^(?:CREATE|ALTER) OPERATOR FAMILY /,
  "OPERATOR CLASS": /^CREATE OPERATOR CLASS /,
  "ACCESS METHOD": /^CREATE ACCESS METHOD /,
  "FOREIGN DATA WRAPPER": /^CREATE FOREIGN DATA WRAPPER /,
  SERVER: /^CREATE SERVER /,
  "USER MAPPING": /^CREATE USER MAPPING /,
  "FOREIGN TABLE": /^(?:CREATE|ALTER) FOREIGN TABLE /,
  ACL: new RegExp(
    `^(?:(?:GRANT|REVOKE) [^;]*? ON ${outside}|SET SESSION AUTHORIZATION |RESET SESSION AUTHORIZATION$)`,
  ),
  "DEFAULT ACL": /^ALTER DEFAULT PRIVILEGES /,
  PUBLICATION: /^CREATE PUBLICATION /,
  "PUBLICATION TABLE": /^ALTER PUBLICATION \S+ ADD /,
  "PUBLICATION TABLES IN SCHEMA": /^ALTER PUBLICATION \S+ ADD /,
  SUBSCRIPTION: /^CREATE SUBSCRIPTION /,
  COMMENT: new RegExp(`^COMMENT ON ${outside}`),
  "SECURITY LABEL": new RegExp(`^SECURITY LABEL (?:FOR \\S+ )?ON ${outside}`),
  "EVENT TRIGGER": /^(?:CREATE|ALTER) EVENT TRIGGER /,
};

/**
 * Whether an entry says nothing but what one of its kind says. The administrator runs it, and an archive is the word of
 * whoever signed its record: a stolen host can put any statement into a comment. It is decided by the text alone.
 */
export function isOfItsKind(
  { desc, defn }: Pick<TocEntry, "desc" | "defn">,
  standardStrings: boolean,
): boolean {
  const beginning = beginnings[desc];
  const statements = statementsOf(defn, standardStrings);
  return beginning !== undefined && statements !== null && statements.every((one) => beginning.test(one));
}

/** What `DROP` names in the statement that would drop the entry; null where it says more than that. */
export function namedByDrop({ desc, dropStmt }: Pick<TocEntry, "desc" | "dropStmt">): string | null {
  const [, named] = /^DROP ([\s\S]*);\s*$/.exec(dropStmt) ?? [];
  const [bare = "", ...more] = statementsOf(dropStmt, true) ?? [];
  // No name of an object holds a literal, whose end is another one where backslashes escape.
  const isOne = bare.startsWith(`DROP ${desc} `) && more.length === 0 && !bare.includes("'");
  return isOne ? (named ?? null) : null;
}

function statementsOf(text: string, standardStrings: boolean): readonly string[] | null {
  const bare = bareSql(text, standardStrings);
  if (bare === null) return null;
  return bare
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
