/**
 * A table of a tenant's below one of an extension's, such as a state's streets below those of a geocoder. To inherit
 * one has to own both, and the extension's is the administrator's. So the administrator makes a table of nothing but
 * what is inherited, whose statement has only names in it, and the loader adds all the rest: columns, defaults,
 * checks, what is generated, settings. A column may be inherited and the table's own as well; such a one the administrator
 * names, as its parent has it.
 */
import { quoteIdent, quoteName } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { CodeBehind } from "../statements/admin-may.ts";
import { sqlTokens } from "../statements/bare-sql.ts";
import type { LoadContext } from "../context.ts";
import { nameOf, qualifiedName } from "../statements/names-in-text.ts";
import { refusalOf, type Refusal } from "../report.ts";

/** A CREATE TABLE taken apart. */
export interface HeirOfExtension {
  readonly table: string;
  readonly isUnlogged: boolean;
  /** As the archive names them. */
  readonly parents: readonly string[];
  readonly items: readonly Item[];
  readonly settings: string | undefined;
  /** Other statements behind it. */
  readonly more: string;
}

/** What stands between two commas: a column, or a constraint. */
interface Item {
  readonly text: string;
  readonly column: string | null;
  /** What makes it of a column that is there with its type already; `null` where nothing does. */
  readonly changes: readonly string[] | null;
}

const head = /^\s*CREATE (UNLOGGED )?TABLE $/;
const tail = new RegExp(
  String.raw`^\nINHERITS \((${qualifiedName}(?:, ${qualifiedName})*)\)(?:\nWITH (\([^;]*\)))?$`,
);

/** `null` for every other entry, and where the text is not as pg_dump writes it. */
export function heirOfExtension(
  { desc, defn, namespace, tag, tableAm }: Pick<TocEntry, "desc" | "defn" | "namespace" | "tag" | "tableAm">,
  {
    standardStrings,
    extensionTables,
    keptSchemas,
  }: Pick<CodeBehind, "standardStrings" | "extensionTables" | "keptSchemas">,
): HeirOfExtension | null {
  if (desc !== "TABLE" || !["", "heap"].includes(tableAm) || keptSchemas.has(namespace)) return null;
  const parts = partsOf(sqlTokens(defn, standardStrings)?.map(({ text }) => text) ?? []);
  if (parts === null) return null;
  const [, unlogged = ""] = head.exec(parts.before.replace(new RegExp(`${qualifiedName} $`), "")) ?? [null];
  const [, named = "", settings] = tail.exec(parts.after) ?? [];
  const parents = named.match(new RegExp(qualifiedName, "g")) ?? [];
  if (unlogged === null || !parents.some((parent) => extensionTables.has(parent))) return null;
  return {
    table: quoteName({ schema: namespace, name: tag }),
    isUnlogged: unlogged !== "",
    parents,
    items: parts.items,
    settings,
    more: parts.more,
  };
}

/**
 * What the administrator runs, and what the loader does. `inherited`: columns of the parents by name, each as it stands in
 * a CREATE TABLE.
 */
export function statementsOf(
  { table, isUnlogged, parents, items, settings, more }: HeirOfExtension,
  inherited: ReadonlyMap<string, string>,
): { readonly bare: string; readonly rest: string } {
  const named: string[] = [];
  const changes: string[] = [];
  for (const { text, column, changes: own } of items) {
    const definition = column === null ? undefined : inherited.get(column);
    if (definition === undefined || own === null)
      changes.push(column === null ? `ADD ${text}` : `ADD COLUMN ${text}`);
    else {
      // Parents that differ in their defaults have to be overruled at once; what comes in their place is the loader's.
      const isOverruling = own.some((change) => change.includes(" SET DEFAULT "));
      named.push(isOverruling ? `${definition} DEFAULT NULL` : definition);
      changes.push(...own);
    }
  }
  if (settings !== undefined) changes.push(`SET ${settings}`);
  const change = changes.length === 0 ? "" : `ALTER TABLE ONLY ${table} ${changes.join(",\n")};`;
  const kind = isUnlogged ? "UNLOGGED TABLE" : "TABLE";
  return {
    bare: `CREATE ${kind} ${table} (${named.join(", ")})\nINHERITS (${parents.join(", ")});`,
    rest: `${change}\n${more}`.trim(),
  };
}

interface Parts {
  readonly before: string;
  readonly items: readonly Item[];
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
    const items = ends.slice(1).map((next, index) => itemOf(tokens.slice((ends[index] ?? 0) + 1, next)));
    return {
      before: textOf(tokens, 0, open),
      items: items.filter(({ text }) => text !== ""),
      after: textOf(tokens, at + 1, end),
      more: textOf(tokens, end + 1, tokens.length),
    };
  }
  return null;
}

function textOf(tokens: readonly string[], from: number, to: number): string {
  return tokens.slice(from, to).join("");
}

/** What comes behind the type of a column; pg_dump writes these words in capitals, and names of types never so. */
const clauses: readonly string[] = ["DEFAULT", "NOT", "COLLATE", "GENERATED", "CONSTRAINT"];

function itemOf(tokens: readonly string[]): Item {
  const text = tokens.join("").trim();
  const first = tokens.find((token) => token.trim() !== "") ?? "";
  // From 18 on NOT NULL of what is inherited stands by itself too, with a name or without.
  if (first === "CONSTRAINT" || first === "NOT") return { text, column: null, changes: null };
  const starts: number[] = [];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (["(", "["].includes(token)) depth += 1;
    if ([")", "]"].includes(token)) depth -= 1;
    if (depth === 0 && clauses.includes(token)) starts.push(at);
  }
  const alter = `ALTER COLUMN ${first} SET`;
  const changes = starts.map((start, index) => {
    const clause = textOf(tokens, start, starts[index + 1] ?? tokens.length).trim();
    // What a column is compared by is its parent's.
    if (clause.startsWith("COLLATE ")) return "";
    return clause === "NOT NULL" || clause.startsWith("DEFAULT ") ? `${alter} ${clause}` : null;
  });
  const known = changes.filter((change) => change !== null);
  const isKnown = known.length === changes.length;
  return { text, column: nameOf(first), changes: isKnown ? known.filter((change) => change !== "") : null };
}

/** What the loader is refused here is the machine's to lack: it is not the statement that the source's server wrote. */
export async function makeHeirOfExtension(
  context: LoadContext,
  loader: Session,
  heir: HeirOfExtension,
): Promise<Refusal | null> {
  const { table } = heir;
  const { bare, rest } = statementsOf(heir, await inheritedBy(context.admin, heir));
  const other = await parentOfOthers(context, heir);
  if (other !== null) {
    const message = `${other} is neither an extension's nor of the archive, and what is below it would be read with it`;
    return { sqlState: undefined, message, kind: "machine" };
  }
  try {
    await context.admin.query(`${bare}\nalter table ${table} owner to ${quoteIdent(context.loader)}`);
  } catch (error) {
    return { ...refusalOf(error), kind: "machine" };
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

/**
 * The administrator may inherit from whatever there is. Below a catalog of the system's, a table of the tenant's would
 * answer the administrator's own questions.
 */
async function parentOfOthers(
  { admin, loader }: LoadContext,
  { parents }: HeirOfExtension,
): Promise<string | null> {
  const [other] = await admin.query<{ name: string }>(
    `select parent.name
       from unnest($1::text[]) as parent(name)
      where not exists (
        select from pg_catalog.pg_class c
         where c.oid = pg_catalog.to_regclass(parent.name) and c.oid >= '16384'::pg_catalog.oid
           and (pg_catalog.pg_get_userbyid(c.relowner) = $2
                or exists (select from pg_catalog.pg_depend d
                            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
                              and d.objsubid = 0 and d.deptype = 'e')))`,
    [parents, loader],
  );
  return other?.name ?? null;
}

/** Only those of the system's own types, so that what the administrator runs names none of a tenant's. */
async function inheritedBy(
  admin: Session,
  { parents }: HeirOfExtension,
): Promise<ReadonlyMap<string, string>> {
  const columns = await admin.query<{ name: string; type: string; collation: string | null }>(
    `select a.attname::text as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
            pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.collname) as collation
       from unnest($1::text[]) as parent(name)
       join pg_catalog.pg_attribute a on a.attrelid = pg_catalog.to_regclass(parent.name)
       left join pg_catalog.pg_collation c on c.oid = a.attcollation
       left join pg_catalog.pg_namespace s on s.oid = c.collnamespace
      where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and a.atttypid < 16384 and a.attcollation < 16384`,
    [parents],
  );
  return new Map(
    columns.map(({ name, type, collation }) => {
      const compared = collation === null ? "" : ` COLLATE ${collation}`;
      return [name, `${quoteIdent(name)} ${type}${compared}`];
    }),
  );
}
