import type { Fingerprint } from "../../model/fingerprint.ts";
import type { TocEntry } from "../archive/toc.ts";
import { subjectOf } from "./report.ts";

interface Selection {
  readonly chosen: readonly TocEntry[];
  readonly leftOut: readonly { readonly entry: TocEntry; readonly reason: string }[];
}

/** The reason for what nobody asked for, which needs no telling. */
export const notAsked = "not part of the tables asked for";

/** Belongs to a table and comes with it if all else that it needs is there too. */
const companions = new Set([
  "ACL",
  "CHECK CONSTRAINT",
  "COMMENT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "SECURITY LABEL",
  "SEQUENCE",
  "SEQUENCE OWNED BY",
  "STATISTICS",
  "TABLE ATTACH",
  "TRIGGER",
]);

/** May be missing without harm to what is loaded. */
const optional = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);

/**
 * The entries that these tables need, by the archive's own dependencies: schemas, types, functions,
 * sequences, and all that belongs to the tables. What leads to a table that was not asked for, such as a
 * foreign key, is left out by name.
 */
export function selectEntries(
  entries: readonly TocEntry[],
  tables: readonly { readonly schema: string; readonly name: string }[] | undefined,
): Selection {
  if (tables === undefined) return { chosen: entries, leftOut: [] };
  const wanted = new Set(tables.map(({ schema, name }) => JSON.stringify([schema, name])));
  const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const isWanted = ({ namespace, tag }: TocEntry): boolean => wanted.has(JSON.stringify([namespace, tag]));
  const chosen = new Set<number>();
  const choose = (entry: TocEntry): void => {
    if (chosen.has(entry.dumpId)) return;
    chosen.add(entry.dumpId);
    for (const id of entry.dependencies) {
      const needed = byId.get(id);
      if (needed !== undefined) choose(needed);
    }
  };
  const always = new Set(["ENCODING", "STDSTRINGS", "SEARCHPATH", "EXTENSION"]);
  for (const entry of entries) {
    if (always.has(entry.desc) || (entry.desc === "TABLE" && isWanted(entry))) choose(entry);
    if (entry.desc === "SCHEMA" && tables.some(({ schema }) => schema === entry.tag)) choose(entry);
  }
  // A companion may need another (a foreign key its index), hence until nothing more comes.
  for (let before = -1; before < chosen.size;) {
    before = chosen.size;
    for (const entry of entries) {
      if (companions.has(entry.desc) && !chosen.has(entry.dumpId) && belongs(entry, chosen, byId))
        choose(entry);
    }
  }
  return {
    chosen: entries.filter(({ dumpId }) => chosen.has(dumpId)),
    leftOut: entries
      .filter(({ dumpId }) => !chosen.has(dumpId))
      .map((entry) => ({ entry, reason: reasonFor(entry, chosen, byId) })),
  };
}

type Ids = ReadonlyMap<number, TocEntry>;

/** It hangs on something chosen, and leads to no table, view or other relation that is not. */
function belongs(entry: TocEntry, chosen: ReadonlySet<number>, byId: Ids): boolean {
  return hangs(entry, chosen, byId) && awayFrom(entry, chosen, byId) === undefined;
}

function reasonFor(entry: TocEntry, chosen: ReadonlySet<number>, byId: Ids): string {
  const away = awayFrom(entry, chosen, byId);
  if (!companions.has(entry.desc) || away === undefined || !hangs(entry, chosen, byId)) return notAsked;
  return `it needs ${subjectOf(away)}, which was not asked for`;
}

function hangs(entry: TocEntry, chosen: ReadonlySet<number>, byId: Ids): boolean {
  return entry.dependencies.some((id) => {
    const desc = byId.get(id)?.desc ?? "";
    if (!chosen.has(id)) return false;
    return optional.has(entry.desc)
      ? desc !== "EXTENSION"
      : ["TABLE", "SEQUENCE", "INDEX", "CONSTRAINT"].includes(desc);
  });
}

/** What it needs of other relations that is not there. */
function awayFrom(entry: TocEntry, chosen: ReadonlySet<number>, byId: Ids): TocEntry | undefined {
  return entry.dependencies
    .filter((id) => !chosen.has(id))
    .map((id) => byId.get(id))
    .find((needed) => needed !== undefined && relations.has(needed.desc));
}

const relations = new Set(["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "CONSTRAINT", "INDEX"]);

/** The tables whose rows are loaded: all, or those whose entries were chosen and leaves of chosen roots. */
export function selectTables(fingerprint: Fingerprint, chosen: readonly TocEntry[]): Fingerprint["tables"] {
  const names = new Set(
    chosen
      .filter(({ desc }) => desc === "TABLE")
      .map(({ namespace, tag }) => JSON.stringify([namespace, tag])),
  );
  return fingerprint.tables.filter(({ schema, name, load }) => {
    if (load.kind === "extension") return true;
    const into = load.kind === "through-root" ? load.root : { schema, name };
    return names.has(JSON.stringify([into.schema, into.name]));
  });
}
