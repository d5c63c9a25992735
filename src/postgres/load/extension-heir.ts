/**
 * A table of a tenant's below one of an extension's, such as a state's streets below those of a geocoder. To inherit
 * one has to own both, and the extension's is the administrator's. So the administrator makes a table of nothing but
 * what is inherited, whose statement has only names in it, and the loader adds all the rest: columns, defaults,
 * checks, what is generated, settings.
 */
import { quoteIdent, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { CodeBehind } from "./admin-may.ts";
import { sqlTokens } from "./bare-sql.ts";
import type { LoadContext } from "./context.ts";
import { qualifiedName } from "./names-in-text.ts";
import { refusalOf, type Refusal } from "./report.ts";

/** A CREATE TABLE in two: what the administrator runs, and what the loader does. */
export interface HeirOfExtension {
  readonly table: string;
  readonly bare: string;
  readonly rest: string;
}

const head = /^\s*CREATE (UNLOGGED )?TABLE $/;
const tail = new RegExp(
  String.raw`^\nINHERITS \((${qualifiedName}(?:, ${qualifiedName})*)\)(?:\nWITH (\([^;]*\)))?$`,
);

/** `null` for every other entry, and where the text is not as pg_dump writes it. */
export function heirOfExtension(
  { desc, defn, namespace, tag, tableAm }: Pick<TocEntry, "desc" | "defn" | "namespace" | "tag" | "tableAm">,
  { standardStrings, extensionTables }: Pick<CodeBehind, "standardStrings" | "extensionTables">,
): HeirOfExtension | null {
  if (desc !== "TABLE" || !["", "heap"].includes(tableAm)) return null;
  const parts = partsOf(sqlTokens(defn, standardStrings)?.map(({ text }) => text) ?? []);
  if (parts === null) return null;
  const [, unlogged = ""] = head.exec(parts.before.replace(new RegExp(`${qualifiedName} $`), "")) ?? [null];
  const [, parents = "", settings] = tail.exec(parts.after) ?? [];
  if (unlogged === null || !parents.split(", ").some((parent) => extensionTables.has(parent))) return null;
  const table = quoteName({ schema: namespace, name: tag });
  const added = parts.items.map((item) =>
    item.startsWith("CONSTRAINT ") ? `ADD ${item}` : `ADD COLUMN ${item}`,
  );
  const changes = [...added, ...(settings === undefined ? [] : [`SET ${settings}`])];
  const change = changes.length === 0 ? "" : `ALTER TABLE ONLY ${table} ${changes.join(",\n")};`;
  return {
    table,
    bare: `CREATE ${unlogged}TABLE ${table} ()\nINHERITS (${parents});`,
    rest: `${change}\n${parts.more}`.trim(),
  };
}

interface Parts {
  readonly before: string;
  readonly items: readonly string[];
  /** From the end of the columns to the first semicolon. */
  readonly after: string;
  readonly more: string;
}

/** Split at the outermost parentheses, at the commas in them, and at the end of the statement. */
function partsOf(tokens: readonly string[]): Parts | null {
  const open = tokens.indexOf("(");
  const ends: number[] = [open];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (at < open) continue;
    if (["(", "["].includes(token)) depth += 1;
    if ([")", "]"].includes(token)) depth -= 1;
    if (depth === 1 && token === ",") ends.push(at);
    if (depth > 0) continue;
    const end = tokens.indexOf(";", at);
    if (open < 0 || end < 0) return null;
    ends.push(at);
    const items = ends.slice(1).map((next, index) => textOf(tokens, (ends[index] ?? 0) + 1, next).trim());
    return {
      before: textOf(tokens, 0, open),
      items: items.filter((item) => item !== ""),
      after: textOf(tokens, at + 1, end),
      more: textOf(tokens, end + 1, tokens.length),
    };
  }
  return null;
}

function textOf(tokens: readonly string[], from: number, to: number): string {
  return tokens.slice(from, to).join("");
}

/** What the loader is refused here is the machine's to lack: it is not the statement that the source's server wrote. */
export async function makeHeirOfExtension(
  context: LoadContext,
  loader: Session,
  { table, bare, rest }: HeirOfExtension,
): Promise<Refusal | null> {
  try {
    await context.admin.query(`${bare}\nalter table ${table} owner to ${quoteIdent(context.loader)}`);
  } catch (error) {
    return refusalOf(error);
  }
  try {
    if (rest !== "") await loader.query(`${context.preamble("")}${rest}`);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    await loader.query(`${context.preamble("")}DROP TABLE IF EXISTS ${table}`);
    return { ...refusal, kind: "machine" };
  }
}
