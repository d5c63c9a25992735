/** What an archive says of extensions that the plan leaves out, which pg_dump knows nothing of. */
import type { Fingerprint } from "../../../model/fingerprint.ts";
import type { TocEntry } from "../../archive/toc.ts";
import { privilegesInExtension } from "../../readings/definitions.ts";
import { quoteIdent } from "../../session/quote.ts";
import { bareSql, hasStandardStrings, sqlTokens } from "../statements/bare-sql.ts";
import { identifier, nameOf } from "../statements/names-in-text.ts";
import { subjectOf } from "../report.ts";

type Told = Pick<Fingerprint, "extensions" | "definitions">;

/**
 * Whether it is a comment on one of them, or privileges on a member of one: what an extension made has no entry of its own,
 * so that such privileges depend on nothing of the archive.
 */
export function ofLeftOutExtension(
  entries: readonly TocEntry[],
  { extensions, definitions = [] }: Told,
): (entry: TocEntry) => boolean {
  const names = leftOutOf({ extensions });
  const comments = new Set(
    [...names].flatMap((name) => [`EXTENSION ${name}`, `EXTENSION ${quoteIdent(name)}`]),
  );
  const kinds = new Set([...names].map((name) => `${privilegesInExtension}${name}`));
  const members = new Set(
    definitions
      .filter(({ kind }) => kinds.has(kind))
      .map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  const ids = new Set(entries.map(({ dumpId }) => dumpId));
  return ({ desc, namespace, tag, dependencies }) => {
    if (desc === "COMMENT") return comments.has(tag);
    if (desc !== "ACL" || dependencies.some((id) => ids.has(id))) return false;
    const member = ofMember.exec(tag)?.groups?.["name"];
    return member !== undefined && members.has(JSON.stringify([namespace, nameOf(member)]));
  };
}

const ofMember = new RegExp(String.raw`^[A-Z ]+ (?<name>${identifier})(?:[.(]|$)`);

/** The whole statement, of which the name of the extension is the last word. */
const leaning =
  /^\s*ALTER (?:FUNCTION|PROCEDURE|TRIGGER|MATERIALIZED VIEW|INDEX) [^;]* DEPENDS ON EXTENSION (?:\w+|"")$/;
const said = " DEPENDS ON EXTENSION ";

/**
 * The entries without the statements that they depend on one of them, and which these are: the object itself needs
 * nothing of it. A column or a function that does is refused all the same.
 */
export function withoutDependence(
  entries: readonly TocEntry[],
  { extensions }: Pick<Told, "extensions">,
): { readonly entries: readonly TocEntry[]; readonly notes: readonly string[] } {
  const names = leftOutOf({ extensions });
  const standardStrings = hasStandardStrings(entries);
  const notes: string[] = [];
  const kept = entries.map((entry) => {
    if (names.size === 0 || !entry.defn.includes(said)) return entry;
    const statements = statementsOf(entry.defn, standardStrings);
    const without = statements.filter((one) => !names.has(extensionIn(one, standardStrings) ?? ""));
    if (without.length === statements.length) return entry;
    notes.push(`${subjectOf(entry)} does not depend on an extension that the plan leaves out`);
    return { ...entry, defn: without.join("") };
  });
  return { entries: kept, notes };
}

function leftOutOf({ extensions }: Pick<Told, "extensions">): ReadonlySet<string> {
  return new Set(extensions.filter(({ leftOut }) => leftOut).map(({ name }) => name));
}

/** Each with its semicolon. */
function statementsOf(defn: string, standardStrings: boolean): readonly string[] {
  const statements = [""];
  for (const { text } of sqlTokens(defn, standardStrings) ?? [{ text: defn }]) {
    statements.push(`${statements.pop() ?? ""}${text}`);
    if (text === ";") statements.push("");
  }
  return statements;
}

function extensionIn(statement: string, standardStrings: boolean): string | null {
  const bare = bareSql(statement, standardStrings);
  if (bare === null || !leaning.test(bare.trimEnd().replace(/;$/, ""))) return null;
  return nameOf(statement.slice(statement.lastIndexOf(said) + said.length, -1).trim());
}
