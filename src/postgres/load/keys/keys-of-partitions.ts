/**
 * Exclusion constraints and keys over time of partitioned tables. pg_dump has each partition make its own and attaches it
 * to that of the table above, which the server refuses: it takes no two such indexes for alike (`CompareIndexInfo` of
 * PostgreSQL), so that no archive of such a table can be loaded as it stands. Here the topmost makes those of all its
 * partitions, and each of these gets the name that it had.
 */
import type { TocEntry } from "../../archive/toc.ts";
import { quoteIdent } from "../../session/quote.ts";
import { identifier, qualifiedName, quotedName } from "../statements/names-in-text.ts";

export type KeyPart =
  /** The topmost table's; `names` are those of the indexes below it, by table, and `rest` is what else its entry says. */
  | {
      readonly kind: "root";
      readonly index: string;
      readonly text: string;
      readonly names: ReadonlyMap<string, string>;
      readonly rest: string;
    }
  /** A partition's, which is there once its root is; `rest` likewise. */
  | {
      readonly kind: "part";
      readonly root: number;
      readonly index: string;
      readonly above: string;
      readonly rest: string;
    }
  | { readonly kind: "attach"; readonly root: number; readonly index: string; readonly above: string };

interface Key {
  readonly entry: TocEntry;
  readonly table: string;
  readonly index: string;
  readonly text: string;
  readonly rest: string;
}

const making = new RegExp(
  String.raw`^ALTER TABLE ONLY (${qualifiedName})\n    ADD CONSTRAINT (${identifier}) (?:EXCLUDE USING |(?:PRIMARY KEY|UNIQUE) \([^()]* WITHOUT OVERLAPS\))`,
);
const attaching = new RegExp(
  String.raw`^ALTER INDEX (${qualifiedName}) ATTACH PARTITION (${qualifiedName});\s*$`,
);

/** By number of the entry; empty for nearly every archive. */
export function keysOfPartitions(entries: readonly TocEntry[]): ReadonlyMap<number, KeyPart> {
  const keys = new Map(entries.flatMap(keyOf).map((key) => [key.index, key]));
  const attached = entries.flatMap((entry) => {
    const [, above = "", below = ""] =
      entry.desc === "INDEX ATTACH" ? (attaching.exec(entry.defn) ?? []) : [];
    const [parent, child] = [keys.get(quotedName(above)), keys.get(quotedName(below))];
    return parent === undefined || child === undefined ? [] : [{ entry, parent, child }];
  });
  const parentOf = new Map(attached.map(({ child, parent }) => [child, parent]));
  const parts = new Map<number, KeyPart>();
  const names = new Map<Key, Map<string, string>>();
  for (const { entry, parent, child } of attached) {
    const root = topmost(parentOf, parent);
    if (root === null) continue;
    const place = { root: root.entry.dumpId, index: child.index, above: parent.index };
    parts.set(entry.dumpId, { kind: "attach", ...place });
    parts.set(child.entry.dumpId, { kind: "part", ...place, rest: child.rest });
    const known = names.get(root) ?? new Map<string, string>();
    names.set(root, known.set(child.table, child.index));
  }
  for (const [{ entry, index, text, rest }, below] of names)
    parts.set(entry.dumpId, {
      kind: "root",
      index,
      text: text.replace("ALTER TABLE ONLY ", "ALTER TABLE "),
      names: below,
      rest,
    });
  return parts;
}

function keyOf(entry: TocEntry): Key[] {
  const { desc, defn, namespace } = entry;
  const [, table, name] = desc === "CONSTRAINT" ? (making.exec(defn) ?? []) : [];
  if (table === undefined || name === undefined) return [];
  // Further statements stand behind an empty line; a name with one in it leaves the key as the archive has it.
  const end = defn.indexOf(";\n\n");
  const at = end < 0 || end + 2 >= defn.trimEnd().length ? defn.length : end + 1;
  const index = quotedName(`${quoteIdent(namespace)}.${name}`);
  return [{ entry, table: quotedName(table), index, text: defn.slice(0, at), rest: defn.slice(at).trim() }];
}

/** Null where they go round, which no archive of pg_dump has. */
function topmost(parentOf: ReadonlyMap<Key, Key>, of: Key): Key | null {
  const met = new Set<Key>();
  let key = of;
  for (let above = parentOf.get(key); above !== undefined; above = parentOf.get(key)) {
    if (met.has(key)) return null;
    met.add(key);
    key = above;
  }
  return key;
}
