import type { TocEntry } from "../../archive/toc.ts";
import { quoteIdent } from "../../session/quote.ts";
import { statementsIn } from "./bare-sql.ts";
import { identifier } from "./names-in-text.ts";

type Named = Pick<TocEntry, "desc" | "namespace" | "tag">;

const anyOf = (words: readonly string[]): string => `(?:${words.join("|")})`;

/** What is shared by databases is not among them: databases, roles, tablespaces, settings. */
const granted = anyOf([
  "FOREIGN DATA WRAPPER",
  "FOREIGN SERVER",
  "FUNCTION",
  "LANGUAGE",
  "PROCEDURE",
  "SCHEMA",
  "SEQUENCE",
  "TABLE",
  "TYPE",
]);
const remarked = anyOf([
  "(?:FOREIGN |MATERIALIZED )?(?:TABLE|VIEW)",
  "(?:EVENT )?TRIGGER",
  "(?:PROCEDURAL )?LANGUAGE",
  "ACCESS METHOD",
  "AGGREGATE",
  "CAST",
  "COLLATION",
  "COLUMN",
  "CONSTRAINT",
  "CONVERSION",
  "DOMAIN",
  "EXTENSION",
  "FOREIGN DATA WRAPPER",
  "FUNCTION",
  "INDEX",
  "OPERATOR(?: CLASS| FAMILY)?",
  "POLICY",
  "PROCEDURE",
  "PUBLICATION",
  "RULE",
  "SCHEMA",
  "SEQUENCE",
  "SERVER",
  "STATISTICS",
  "SUBSCRIPTION",
  "TEXT SEARCH (?:CONFIGURATION|DICTIONARY|PARSER|TEMPLATE)",
  "TRANSFORM",
  "TYPE",
]);
const privilege = String.raw`(?:GRANT OPTION FOR )?[A-Z]+(?:\(${identifier}\))?`;

/**
 * How the statements of an entry that the administrator may run begin, in the words of pg_dump 13 to 18. `{plain}` is the
 * entry's own name, `{own}` that with its schema, `{schema}` the schema. Nothing is replaced that is there, nor is what
 * is there passed over: what such a statement has made is new.
 */
const beginnings: Readonly<Record<string, string>> = {
  FUNCTION: String.raw`CREATE FUNCTION {schema}\.`,
  PROCEDURE: String.raw`CREATE PROCEDURE {schema}\.`,
  AGGREGATE: String.raw`CREATE AGGREGATE {schema}\.`,
  "SHELL TYPE": "CREATE TYPE {own}$",
  TYPE: String.raw`CREATE TYPE {own}(?: \(|$)`,
  "TEXT SEARCH PARSER": "CREATE TEXT SEARCH PARSER {own} ",
  "TEXT SEARCH TEMPLATE": "CREATE TEXT SEARCH TEMPLATE {own} ",
  "PROCEDURAL LANGUAGE":
    "CREATE (?:OR REPLACE PROCEDURAL LANGUAGE {plain}$|(?:TRUSTED )?PROCEDURAL LANGUAGE {plain} )",
  CAST: String.raw`CREATE CAST \(`,
  TRANSFORM: "CREATE TRANSFORM FOR ",
  "OPERATOR FAMILY": `CREATE OPERATOR FAMILY {own} USING (${identifier})$`,
  "OPERATOR CLASS": String.raw`CREATE OPERATOR CLASS {own}\s`,
  "ACCESS METHOD": "CREATE ACCESS METHOD {plain} ",
  "FOREIGN DATA WRAPPER": "CREATE FOREIGN DATA WRAPPER {plain}(?: |$)",
  SERVER: "CREATE SERVER {plain} ",
  "USER MAPPING": "CREATE USER MAPPING FOR ",
  "FOREIGN TABLE": String.raw`CREATE FOREIGN TABLE {own} \(`,
  ACL: `(?:(?:GRANT|REVOKE) ${privilege}(?:, ?${privilege})* ON ${granted} |SET SESSION AUTHORIZATION |RESET SESSION AUTHORIZATION$)`,
  "DEFAULT ACL": "ALTER DEFAULT PRIVILEGES FOR ROLE ",
  PUBLICATION: "CREATE PUBLICATION {plain}(?: |$)",
  "PUBLICATION TABLE": `ALTER PUBLICATION ${identifier} ADD TABLE `,
  "PUBLICATION TABLES IN SCHEMA": `ALTER PUBLICATION ${identifier} ADD TABLES IN SCHEMA `,
  SUBSCRIPTION: "CREATE SUBSCRIPTION {plain} ",
  COMMENT: `COMMENT ON ${remarked} `,
  "SECURITY LABEL": `SECURITY LABEL (?:FOR ${identifier} )?ON ${remarked} `,
  "EVENT TRIGGER": "CREATE EVENT TRIGGER {plain} ON ",
};

/**
 * How all statements but the first begin where that has made what they change. `{same}` is what the first one captured,
 * `{dropped}` what the statement names that would drop it.
 */
const changes: Readonly<Record<string, string>> = {
  FUNCTION: `ALTER {dropped} DEPENDS ON EXTENSION ${identifier}$`,
  PROCEDURE: `ALTER {dropped} DEPENDS ON EXTENSION ${identifier}$`,
  "OPERATOR FAMILY": String.raw`ALTER OPERATOR FAMILY {own} USING {same} ADD\s`,
  "FOREIGN TABLE": "ALTER (?:FOREIGN )?TABLE (?:ONLY )?{own} ALTER COLUMN ",
  "EVENT TRIGGER": "ALTER EVENT TRIGGER {plain} (?:DISABLE|ENABLE ALWAYS|ENABLE REPLICA)$",
};

/**
 * Whether a text says nothing but what an entry of its kind says. The administrator runs it, and an archive is the word of
 * whoever signed its record: a stolen host can put any statement into a comment. It is decided by the text alone, which
 * has to be the very one that is run.
 */
export function isOfItsKind(
  entry: Named & Pick<TocEntry, "defn" | "dropStmt">,
  standardStrings: boolean,
): boolean {
  const beginning = beginnings[entry.desc];
  const statements = statementsIn(entry.defn, standardStrings);
  if (beginning === undefined || statements === null) return false;
  const form = formOf(beginning, entry);
  const change = changes[entry.desc];
  if (change === undefined) return statements.every((one) => form.test(one)) && comesBack(statements);
  const [first = "", ...more] = statements;
  const made = form.exec(first);
  if (made === null) return false;
  const dropped = change.includes("{dropped}") ? namedByDrop(entry) : "";
  if (more.length > 0 && dropped === null) return false;
  const changing = formOf(
    change
      .replaceAll("{same}", () => escaped(made[1] ?? ""))
      .replaceAll("{dropped}", () => escaped(dropped ?? "")),
    entry,
  );
  return more.every((one) => changing.test(one));
}

/** Whoever grants for another is the administrator again at the end, or all that follows would fail. */
function comesBack(statements: readonly string[]): boolean {
  const last = statements.findLast((one) => /^(?:RE)?SET SESSION AUTHORIZATION/.test(one));
  return last === undefined || last.startsWith("RESET ");
}

/** Each quoted name as far as it goes, so that a text can be read in one way alone. */
const types = String.raw`(?:[\w .,*[\]]|"(?:[^"]|"")+"(?!"))*`;

/** How `DROP` names what `{schema}` has several of by one name. */
const naming: Readonly<Record<string, string>> = {
  AGGREGATE: String.raw`{schema}\.${identifier}\(${types}\)`,
  FUNCTION: String.raw`{schema}\.${identifier}\(${types}\)`,
  OPERATOR: String.raw`{schema}\.(?!\S*(?:--|\/\*))[-+*/<>=~!@#%^&|${"`"}?]+ \(${types}\)`,
  "OPERATOR CLASS": `{own} USING ${identifier}`,
  "OPERATOR FAMILY": `{own} USING ${identifier}`,
  PROCEDURE: String.raw`{schema}\.${identifier}\(${types}\)`,
};

/** What `DROP` names in the statement that would drop the entry, with its kind; null where it says anything else. */
export function namedByDrop(entry: Named & Pick<TocEntry, "dropStmt">): string | null {
  const form = naming[entry.desc];
  const [, named = ""] = /^DROP ([\s\S]*);\s*$/.exec(entry.dropStmt) ?? [];
  return form !== undefined && formOf(`${entry.desc} ${form}$`, entry).test(named) ? named : null;
}

/** No archive has anything of the system's own schemas; and nobody knows the names that are looked up there first. */
function formOf(form: string, { namespace, tag }: Named): RegExp {
  const isSystem = namespace.startsWith("pg_") || namespace === "information_schema";
  const schema = isSystem ? "(?!)" : nameAsWritten(namespace);
  const plain = nameAsWritten(tag);
  return new RegExp(
    `^${form
      .replaceAll("{own}", () => String.raw`${schema}\.${plain}`)
      .replaceAll("{schema}", () => schema)
      .replaceAll("{plain}", () => plain)}`,
  );
}

/** A name as pg_dump writes it: plain or quoted. */
function nameAsWritten(name: string): string {
  const quoted = escaped(quoteIdent(name));
  return /^[a-z_][a-z0-9_]*$/.test(name) ? `(?:${name}|${quoted})` : quoted;
}

/** Text as a pattern of nothing but itself. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
