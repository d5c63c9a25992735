import type { Toc, TocEntry } from "../../archive/toc.ts";
import { bareSql, hasStandardStrings } from "./bare-sql.ts";

const kinds: ReadonlyMap<string, string> = new Map([
  ["EVENT TRIGGER", "an event trigger"],
  ["SERVER", "a foreign server"],
  ["FOREIGN DATA WRAPPER", "a foreign data wrapper"],
  ["PROCEDURAL LANGUAGE", "a language"],
]);
const routines: ReadonlySet<string> = new Set(["FUNCTION", "PROCEDURE"]);
/** By custom the names of languages in which anything can be done end in a u. */
const mighty = /^(?:c|internal|pl\w*u)$/i;

/** What of an archive may reach beyond the server that runs it, in words, each once: `a foreign server`, `a function in plpython3u`. */
export function mightyEntries({ entries }: Pick<Toc, "entries">): readonly string[] {
  const standardStrings = hasStandardStrings(entries);
  return [...new Set(entries.flatMap((entry) => wordsFor(entry, standardStrings)))];
}

function wordsFor({ desc, defn }: TocEntry, standardStrings: boolean): readonly string[] {
  const words = kinds.get(desc);
  if (words !== undefined) return [words];
  if (!routines.has(desc)) return [];
  // As `adminMay` finds it, without which nobody makes a function of these languages.
  const [, language = ""] = /^ {4}LANGUAGE (\w+)/m.exec(bareSql(defn, standardStrings) ?? "") ?? [];
  return mighty.test(language) ? [`a ${desc.toLowerCase()} in ${language}`] : [];
}
