/**
 * Functions of which a superuser has to say something beside what the loader may say: that one hides nothing, who helps to plan
 * it, settings of a superuser's. The loader makes the function, whose defaults and body of SQL are read as it is made, and
 * the administrator says the rest of it by name, which writes a catalog and evaluates nothing.
 */
import type { TocEntry } from "../../archive/toc.ts";
import type { CodeBehind } from "./admin-may.ts";
import { plainOf, sqlTokens, type SqlToken } from "./bare-sql.ts";
import { namedByDrop } from "./of-its-kind.ts";

interface FunctionInParts {
  /** The entry's text without what only a superuser may say. */
  readonly loaders: string;
  /** What the administrator says of it afterwards. */
  readonly object: string;
  readonly said: readonly string[];
}

type Routine = Pick<TocEntry, "desc" | "namespace" | "tag" | "defn" | "dropStmt">;

/** Null for what one of the two runs by himself. */
export function functionInParts(
  entry: Routine,
  { standardStrings, languages, mightySettings }: CodeBehind,
): FunctionInParts | null {
  if (entry.desc !== "FUNCTION" && entry.desc !== "PROCEDURE") return null;
  const object = namedByDrop(entry);
  const tokens = sqlTokens(entry.defn, standardStrings);
  if (object === null || tokens === null) return null;
  const said: string[] = [];
  let at: "arguments" | "head" | "body" = "arguments";
  const kept = linesOf(tokens).flatMap((line) => {
    const bare = line.map(plainOf).join("");
    const [, language] = /^ {4}LANGUAGE (\w+)/.exec(bare) ?? [];
    if (at === "arguments" && language !== undefined) {
      // In any other the administrator makes all of it.
      at = languages.get(language)?.mighty === false ? "head" : "body";
      return [at === "head" ? withoutAttributes(line, said) : textOf(line)];
    }
    const isSetting = at === "head" && bare.startsWith("    SET ");
    if (at === "head" && !isSetting) at = "body";
    if (!isSetting || !mightySettings.has(settingIn(line)) || !plainSetting.test(bare)) return [textOf(line)];
    said.push(textOf(line).trim());
    return [];
  });
  return said.length === 0 ? null : { loaders: kept.join("\n"), object, said };
}

const plainSetting = /^ {4}SET (?:\w+|"") TO ''(?:, '')*$/;

function settingIn(line: readonly SqlToken[]): string {
  const [, quoted, plain = ""] = /^ {4}SET (?:"([^"]+)"|(\w+)) /.exec(textOf(line)) ?? [];
  return (quoted ?? plain).toLowerCase();
}

/** In the words of pg_dump, whose names of the like are in small letters or quoted. */
function withoutAttributes(line: readonly SqlToken[], said: string[]): string {
  const kept: string[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const isApart = line[at]?.text === " ";
    const support = [line.slice(at + 1, at + 6), line.slice(at + 1, at + 4)].find(isSupport);
    if (isApart && line[at + 1]?.text === "LEAKPROOF") {
      said.push("LEAKPROOF");
      at += 1;
    } else if (isApart && support !== undefined) {
      said.push(textOf(support));
      at += support.length;
    } else kept.push(line[at]?.text ?? "");
  }
  return kept.join("");
}

/** What is in pg_catalog is named without it. */
function isSupport(tokens: readonly SqlToken[]): boolean {
  return /^SUPPORT (?:\w+|"")(?:\.(?:\w+|""))?$/.test(tokens.map(plainOf).join(""));
}

/** By the ends of lines that are in no literal, body or name. */
function linesOf(tokens: readonly SqlToken[]): readonly (readonly SqlToken[])[] {
  const lines: SqlToken[][] = [[]];
  for (const token of tokens) {
    if (token.text === "\n") lines.push([]);
    else lines.at(-1)?.push(token);
  }
  return lines;
}

function textOf(tokens: readonly SqlToken[]): string {
  return tokens.map(({ text }) => text).join("");
}
