import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the comparison makes of a column, as `catalog-columns.txt` has it, and by what or why. */
export interface JudgedColumn {
  readonly catalog: string;
  readonly name: string;
  readonly fate: string;
  readonly why: string;
}

const text = readFileSync(join(import.meta.dirname, "catalog-columns.txt"), "utf8");

/** Of every catalog of PostgreSQL 13 to 18; a line without a fate goes on with the columns of the one before. */
export function judgedColumns(): readonly JudgedColumn[] {
  const judged: JudgedColumn[] = [];
  let [catalog, fate, why] = ["", "", ""];
  for (const line of text.split("\n").filter((one) => !one.startsWith("#") && one.trim() !== "")) {
    const [, told, reason, columns = ""] = /^ {2}(?:(\w+) +\((.*)\)|) *([\w ]+)$/.exec(line) ?? [];
    if (!line.startsWith(" ")) catalog = line;
    else {
      [fate, why] = [told ?? fate, reason ?? why];
      judged.push(...columns.split(" ").map((name) => ({ catalog, name, fate, why })));
    }
  }
  return judged;
}
