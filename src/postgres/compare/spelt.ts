import type { Definition } from "../../model/fingerprint.ts";
import type { TocEntry } from "../archive/toc.ts";

/**
 * Whether the archive spells this definition, word for word, where its object is made. The words around it
 * are those of pg_dump 13 to 18: a default of 0 is not found in a default of 0.5, nor in another column's.
 */
export function isSpelt(definition: Definition, entries: readonly TocEntry[]): boolean {
  const pattern = patternOf(definition);
  const { schema, name, inherited } = definition;
  return entries.some(
    (entry) => (inherited === true || isOf(entry, schema, name)) && pattern.test(entry.defn),
  );
}

/** pg_dump tags what hangs on a relation `relation name`, and a function `function(arguments)`. */
function isOf({ namespace, tag }: TocEntry, schema: string, name: string): boolean {
  if (namespace !== schema || !tag.startsWith(name)) return false;
  return tag.length === name.length || tag[name.length] === " " || tag[name.length] === "(";
}

function patternOf({ kind, part, text }: Definition): RegExp {
  const spelt = literal(text.replace(/;$/, ""));
  const named = `(?:${literal(part)}|${literal(`"${part.replaceAll('"', '""')}"`)})`;
  switch (kind) {
    case "default":
      return new RegExp(
        `(?:\\n {4}${named} [^\\n]*? DEFAULT |ALTER COLUMN ${named} SET DEFAULT )${spelt}(?:,?\\n|;| NOT NULL| COLLATE )`,
      );
    case "generated":
      return new RegExp(
        `(?:\\n {4}${named} [^\\n]*? |ALTER COLUMN ${named} [^\\n]*?)GENERATED ALWAYS AS \\(${spelt}\\)`,
      );
    case "constraint":
      return new RegExp(`CONSTRAINT ${named} ${spelt}(?:,?\\n|;)`);
    case "domain default":
      return new RegExp(` DEFAULT ${spelt}(?:\\n|;)`);
    case "policy":
      return new RegExp(` USING \\(${spelt}\\)(?:;| WITH CHECK)`);
    case "policy check":
      return new RegExp(` WITH CHECK \\(${spelt}\\);`);
    case "arguments":
      return new RegExp(`\\(${spelt}\\)`);
    case "partition key":
      return new RegExp(`PARTITION BY ${spelt}(?:\\n|;)`);
    case "publication filter":
      return new RegExp(` WHERE \\(?${spelt}\\)?;`);
    case "view":
      return new RegExp(` AS\\n${spelt}(?:;|\\n)`);
    default:
      // An index, a trigger, a rule, statistics, a function's body: the whole statement or the whole body.
      return new RegExp(`(?:^|\\n *)${spelt}(?:;|\\n|$)`);
  }
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
