import type { TocEntry } from "../../archive/toc.ts";

/** In the order in which they are tried; a word is taken whole, so that a dollar inside it opens nothing. */
const patterns = {
  standard:
    /(?<escaped>e'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*')|(?<plain>'[^']*(?:''[^']*)*')|(?<name>"[^"]*(?:""[^"]*)*")|(?<dollar>\$(?<tag>(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\k<tag>\$)|(?<comment>--[^\n]*)|(?<number>\d+(?:\.\d+)?)|(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<other>[^'"$]|\$(?=\d))/giy,
  escaping:
    /(?<escaped>e?'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*')|(?<name>"[^"]*(?:""[^"]*)*")|(?<dollar>\$(?<tag>(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\k<tag>\$)|(?<comment>--[^\n]*)|(?<number>\d+(?:\.\d+)?)|(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<other>[^'"$]|\$(?=\d))/giy,
};

/** How the statements of an archive spell backslashes: whether they mean nothing in a plain literal. */
export function hasStandardStrings(entries: readonly TocEntry[]): boolean {
  return !entries.some(({ desc, defn }) => desc === "STDSTRINGS" && /'off'/.test(defn));
}

/**
 * A statement of an archive with nothing left in it that a tenant may word as it likes: literals become
 * `''`, quoted names `""`, bodies `$$`, numbers `0`, comments nothing. So its keywords and the dots of its qualified
 * names can be looked for. `null` where the text does not end as SQL does or has a block comment, which pg_dump
 * never writes; such a text is nobody's to judge.
 */
export function bareSql(sql: string, standardStrings: boolean): string | null {
  const tokens = sqlTokens(sql, standardStrings);
  if (tokens === null) return null;
  const bare = tokens.map(plainOf).join("");
  return bare.includes("/*") ? null : bare;
}

/** The statements of a text as they stand, without comments; `null` as above. */
export function statementsIn(sql: string, standardStrings: boolean): readonly string[] | null {
  const tokens = sqlTokens(sql, standardStrings);
  if (tokens === null || bareSql(sql, standardStrings) === null) return null;
  const statements = [""];
  for (const { text, groups } of tokens) {
    if (text === ";") statements.push("");
    else if (groups["comment"] === undefined) statements.push(`${statements.pop() ?? ""}${text}`);
  }
  return statements.map((one) => one.trim()).filter((one) => one !== "");
}

export interface SqlToken {
  readonly text: string;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

/** The tokens of a statement, of which nothing is left out; punctuation and blanks are one each. `null` as above. */
export function sqlTokens(sql: string, standardStrings: boolean): readonly SqlToken[] | null {
  const found: SqlToken[] = [];
  let at = 0;
  const pattern = standardStrings ? patterns.standard : patterns.escaping;
  while (at < sql.length) {
    pattern.lastIndex = at;
    const token = nextToken(pattern, sql);
    if (token === null) return null;
    at = pattern.lastIndex;
    found.push({ text: token[0], groups: token.groups ?? {} });
  }
  return found;
}

/** What the engine cannot keep account of, such as millions of doubled quotes in one literal, is nobody's to judge either. */
function nextToken(pattern: RegExp, sql: string): RegExpExecArray | null {
  try {
    return pattern.exec(sql);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What is left of a token in `bareSql`. */
export function plainOf({ text, groups }: SqlToken): string {
  if (groups["escaped"] !== undefined || groups["plain"] !== undefined) return "''";
  if (groups["name"] !== undefined) return '""';
  if (groups["dollar"] !== undefined) return "$$";
  if (groups["comment"] !== undefined) return "";
  return groups["number"] === undefined ? text : "0";
}
