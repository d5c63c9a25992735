import type { Definition } from "../../model/fingerprint.ts";
import type { TocEntry } from "../archive/toc.ts";
import { argumentsOf, withoutDefaults } from "./arguments.ts";
import type { NamedEntries } from "./named-entries.ts";

/**
 * Whether the archive spells this definition, word for word and to its end, where its object is made. The words
 * around it are those of pg_dump 13 to 18: a default of 0 is not found in a default of 0.5, a policy's expression
 * not in another policy, and a view not in one that goes on with a condition.
 */
export function isSpelt(definition: Definition, entries: NamedEntries): boolean {
  const own = entriesOf(definition, entries);
  if (own.some(({ defn }) => spells(defn, definition))) return true;
  // What comes with a parent alone is in no entry of the heir; what the heir has of its own is in its own.
  if (definition.inherited !== true || own.some(({ defn }) => speaksOf(defn, definition))) return false;
  return entries.ancestorsOf(own).some(({ defn }) => spells(defn, definition));
}

/** pg_dump tags what hangs on a relation `relation name`, and a function `function(types of its arguments)`. */
function entriesOf({ kind, schema, name, part }: Definition, entries: NamedEntries): readonly TocEntry[] {
  const tagged = (...tags: readonly string[]): readonly TocEntry[] =>
    tags.flatMap((tag) => entries.tagged(schema, tag));
  switch (kind) {
    case "policy":
    case "policy check":
    case "trigger":
    case "rule":
    case "publication filter":
      return tagged(`${name} ${part}`);
    case "arguments":
    case "body":
      return entries.begunWith(schema, `${name}(`);
    case "view":
      // One that other views go round with is made empty first and filled by its rule.
      return tagged(name, `${name} _RETURN`);
    default:
      return part === "" ? tagged(name) : tagged(name, `${name} ${part}`);
  }
}

/** Whether the entry gives this column a default, or makes a constraint of this name, whatever it says. */
function speaksOf(defn: string, { kind, part }: Definition): boolean {
  const named = identifier(part);
  switch (kind) {
    case "default":
      return new RegExp(`(?:\\n {4}${named} [^\\n]*? |ALTER COLUMN ${named} SET )DEFAULT `).test(defn);
    case "generated":
      return new RegExp(
        `(?:\\n {4}${named} [^\\n]*? |ALTER COLUMN ${named} [^\\n]*?)GENERATED ALWAYS AS \\(`,
      ).test(defn);
    default:
      return new RegExp(`CONSTRAINT ${named} `).test(defn);
  }
}

function spells(defn: string, definition: Definition): boolean {
  const { kind, part, text } = definition;
  switch (kind) {
    case "arguments":
      return argumentsOf(defn) === text;
    case "body":
      if (withoutDefaults(argumentsOf(defn) ?? "") !== part) return false;
      break;
    default:
  }
  return patternOf(definition)?.test(defn) === true;
}

/**
 * Up to the first bracket that is no part of a name: of which table, for which command and whom. Each quoted name as far as
 * it goes: one of thirty quotes, read in every way there is, would keep the whole program for hours.
 */
const heads = `(?:"(?:[^"]|"")*"(?!")|[^"(])*?`;

/** null of what pg_dump spells nowhere. */
function patternOf({ kind, part, text }: Definition): RegExp | null {
  const spelt = literal(text.replace(/;$/, ""));
  const named = identifier(part);
  switch (kind) {
    case "default":
      return new RegExp(
        `(?:\\n {4}${named} [^\\n]*? DEFAULT |ALTER COLUMN ${named} SET DEFAULT )${spelt}(?:,?\\n|;| NOT NULL| CONSTRAINT | COLLATE )`,
      );
    case "generated":
      return new RegExp(
        `(?:\\n {4}${named} [^\\n]*? |ALTER COLUMN ${named} [^\\n]*?)GENERATED ALWAYS AS \\(${spelt}\\)`,
      );
    case "constraint":
      return new RegExp(`CONSTRAINT ${named} ${spelt}(?:,?\\n|;)`);
    case "domain default":
      return new RegExp(` DEFAULT ${spelt}(?:\\n\\t|;\\n?$)`);
    case "policy":
      return new RegExp(`^CREATE POLICY ${named} ON ${heads} USING \\(${spelt}\\)(?:;\\n?$| WITH CHECK \\()`);
    case "policy check":
      return new RegExp(
        `^CREATE POLICY ${named} ON ${heads}(?: USING \\([^]*?\\))? WITH CHECK \\(${spelt}\\);\\n?$`,
      );
    case "partition key":
      return new RegExp(`\\nPARTITION BY ${spelt}(?:\\n|;)`);
    case "publication filter":
      return new RegExp(` WHERE \\(${spelt}\\);\\n?$`);
    case "view":
      return new RegExp(` AS\\n${spelt}(?:;\\n|;$|\\n {2}WITH (?:NO DATA|(?:LOCAL|CASCADED) CHECK OPTION);)`);
    case "body":
      return new RegExp(`\\n {4}${spelt};\\n*$`);
    case "index":
    case "trigger":
    case "rule":
    case "statistics":
      // The whole statement; what is said of it besides follows in statements of its own.
      return new RegExp(`(?:^|\\n)${spelt};(?:\\n|$)`);
    default:
      return null;
  }
}

function identifier(name: string): string {
  return `(?:${literal(name)}|${literal(`"${name.replaceAll('"', '""')}"`)})`;
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
