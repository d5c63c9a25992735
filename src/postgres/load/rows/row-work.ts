import type { TableFingerprint } from "../../../model/fingerprint.ts";
import { quoteName } from "../../session/quote.ts";
import type { TocEntry } from "../../archive/toc.ts";
import { indexesBefore } from "../keys/foreign-key-check.ts";
import type { LoadContext } from "../context.ts";
import { largestFirst, type Loaded } from "../keys/post-data.ts";
import type { Scheduled } from "../schedule.ts";

/** Smaller tables are loaded in the order in which their streams hold them, so that each object is opened once. */
export const largeBytes = 4_000_000;

/** What is done while rows are loaded; loads have numbers of their own, as those of the archive count from 1. */
export type RowWork = Scheduled &
  (
    | { readonly kind: "load"; readonly table: TableFingerprint }
    | { readonly kind: "entry"; readonly entry: TocEntry; readonly bytesToRead: number }
  );

type RowContext = Loaded & Pick<LoadContext, "keyParts">;

/** Indexes and keys stand before the rows of others, so that they are made while their table is in memory. */
export function workOf(
  context: RowContext,
  tables: readonly TableFingerprint[],
  postData: readonly TocEntry[],
): RowWork[] {
  const entryOf = new Map(
    context.entries
      .filter(({ desc }) => desc === "TABLE")
      .map(({ dumpId, namespace, tag }) => [quoteName({ schema: namespace, name: tag }), dumpId]),
  );
  const loadOf = new Map<number, number>();
  const bytesOf = new Map<number, number>();
  const loads = tables.map((table, index): RowWork => {
    const dumpId = -1 - index;
    const entry = entryOf.get(quoteName(table));
    if (entry !== undefined) {
      loadOf.set(entry, dumpId);
      bytesOf.set(entry, table.bytes);
    }
    return {
      kind: "load",
      table,
      dumpId,
      desc: "TABLE DATA",
      dependencies: entry === undefined ? [] : [entry],
    };
  });
  const early = largestFirst(context, earlyEntries(context, postData, tables));
  const indexes = indexesBefore(context.entries);
  return [
    ...early.map((entry): RowWork => {
      const { dumpId, desc, dependencies } = entry;
      const rows = dependencies.map((id) => loadOf.get(id)).filter((id) => id !== undefined);
      const bytesToRead = Math.max(0, ...dependencies.map((id) => bytesOf.get(id) ?? 0));
      const needed = [...dependencies, ...rows, ...indexes(entry)];
      return { kind: "entry", entry, bytesToRead, dumpId, desc, dependencies: needed };
    }),
    ...loads,
  ];
}

/**
 * A foreign key keeps all others away from its tables, so that only rows keep another lane busy meanwhile. Where not
 * as many are left as it reads itself, it waits for all of them, when there is more to choose from.
 */
export function isEarlyEnough(
  { desc, bytesToRead }: Extract<RowWork, { readonly kind: "entry" }>,
  waiting: readonly RowWork[],
): boolean {
  if (desc !== "FK CONSTRAINT") return true;
  const left = waiting.map((work) => (work.kind === "load" ? work.table.bytes : 0));
  return left.reduce((sum, bytes) => sum + bytes, 0) >= bytesToRead;
}

/**
 * Of these entries the indexes and keys that can be made as soon as the rows of their own tables are in, while those
 * are still in memory and others are loaded: of the large ones among `tables`. What could run code waits for the rows
 * of all, since a function may read other tables: these depend on plain tables and keys alone, and not even on an
 * extension, whose own rows come last.
 */
function earlyEntries(
  { entries: all, keyParts }: RowContext,
  entries: readonly TocEntry[],
  tables: readonly TableFingerprint[],
): TocEntry[] {
  const loaded = new Map(
    tables.filter(({ load }) => load.kind === "ordered").map((one) => [quoteName(one), one]),
  );
  const bytesOf = new Map<number, number>();
  const isPlainTable = plainTables(all);
  for (const { desc, dumpId, namespace, tag } of all) {
    const table = desc === "TABLE" ? loaded.get(quoteName({ schema: namespace, name: tag })) : undefined;
    if (table !== undefined && isPlainTable(dumpId)) bytesOf.set(dumpId, table.bytes);
  }
  const early = new Map<number, TocEntry>();
  // In the archive's order what is needed comes first.
  for (const entry of entries) {
    const { dependencies } = entry;
    const isPlain =
      plain.has(entry.desc) &&
      !keyParts.has(entry.dumpId) &&
      dependencies.every((id) => bytesOf.has(id) || early.has(id));
    if (isPlain && dependencies.some((id) => (bytesOf.get(id) ?? 0) > largeBytes))
      early.set(entry.dumpId, entry);
  }
  return [...early.values()];
}

const plain: ReadonlySet<string> = new Set(["INDEX", "CONSTRAINT", "FK CONSTRAINT"]);

/**
 * Whether no key of a table can run a tenant's function. The key names none where it compares by a type of the
 * tenant's: the server looks up by itself how the elements of an array, the fields of a row, the bounds of a range or
 * what a foreign key refers to are compared. So where an archive has ways to compare or to turn types of its own, no
 * table is plain, and never one with a type whose making names a function or an extension. Functions that the table
 * itself names are for its defaults and checks, which no key runs.
 */
function plainTables(all: readonly TocEntry[]): (dumpId: number) => boolean {
  if (all.some(({ desc }) => comparing.has(desc))) return () => false;
  const byId = new Map(all.map((entry) => [entry.dumpId, entry]));
  const known = new Map<number, boolean>();
  const isPlain = (dumpId: number): boolean => {
    const before = known.get(dumpId);
    if (before !== undefined) return before;
    // What depends on itself is as plain as the rest of it.
    known.set(dumpId, true);
    const entry = byId.get(dumpId);
    const needed = entry?.dependencies ?? [];
    const found =
      entry !== undefined &&
      (harmless.has(entry.desc) ||
        (typed.has(entry.desc) &&
          needed.every(
            (id) => isPlain(id) || (entry.desc === "TABLE" && byId.get(id)?.desc === "FUNCTION"),
          )));
    known.set(dumpId, found);
    return found;
  };
  return isPlain;
}

const comparing: ReadonlySet<string> = new Set(["OPERATOR CLASS", "OPERATOR FAMILY", "CAST"]);
const harmless: ReadonlySet<string> = new Set(["SCHEMA", "SEQUENCE", "COLLATION"]);
const typed: ReadonlySet<string> = new Set(["TABLE", "TYPE", "DOMAIN"]);
