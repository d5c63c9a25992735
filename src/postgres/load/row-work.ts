import type { TableFingerprint } from "../../model/fingerprint.ts";
import { quoteName } from "../session/quote.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import { largestFirst } from "./post-data.ts";
import type { Scheduled } from "./schedule.ts";

/** Smaller tables are loaded in the order in which their streams hold them, so that each object is opened once. */
export const largeBytes = 4_000_000;

/** What is done while rows are loaded; loads have numbers of their own, as those of the archive count from 1. */
export type RowWork = Scheduled &
  (
    | { readonly kind: "load"; readonly table: TableFingerprint }
    | { readonly kind: "entry"; readonly entry: TocEntry }
  );

/** Indexes and keys stand before the rows of others, so that they are made while their table is in memory. */
export function workOf(
  context: LoadContext,
  tables: readonly TableFingerprint[],
  postData: readonly TocEntry[],
): RowWork[] {
  const entryOf = new Map(
    context.entries
      .filter(({ desc }) => desc === "TABLE")
      .map(({ dumpId, namespace, tag }) => [quoteName({ schema: namespace, name: tag }), dumpId]),
  );
  const loadOf = new Map<number, number>();
  const loads = tables.map((table, index): RowWork => {
    const dumpId = -1 - index;
    const entry = entryOf.get(quoteName(table));
    if (entry !== undefined) loadOf.set(entry, dumpId);
    return {
      kind: "load",
      table,
      dumpId,
      desc: "TABLE DATA",
      dependencies: entry === undefined ? [] : [entry],
    };
  });
  const early = largestFirst(context, earlyEntries(context, postData, tables));
  return [
    ...early.map((entry): RowWork => {
      const { dumpId, desc, dependencies } = entry;
      const rows = dependencies.map((id) => loadOf.get(id)).filter((id) => id !== undefined);
      return { kind: "entry", entry, dumpId, desc, dependencies: [...dependencies, ...rows] };
    }),
    ...loads,
  ];
}

/**
 * Of these entries the indexes and keys that can be made as soon as the rows of their own tables are in, while those
 * are still in memory and others are loaded: of the large ones among `tables`. What could run code waits for the rows
 * of all, since a function may read other tables: these depend on tables and keys alone, and not even on an extension,
 * whose own rows come last.
 */
function earlyEntries(
  { entries: all }: LoadContext,
  entries: readonly TocEntry[],
  tables: readonly TableFingerprint[],
): TocEntry[] {
  const loaded = new Map(
    tables.filter(({ load }) => load.kind === "ordered").map((one) => [quoteName(one), one]),
  );
  const bytesOf = new Map<number, number>();
  for (const { desc, dumpId, namespace, tag } of all) {
    const table = desc === "TABLE" ? loaded.get(quoteName({ schema: namespace, name: tag })) : undefined;
    if (table !== undefined) bytesOf.set(dumpId, table.bytes);
  }
  const early = new Map<number, TocEntry>();
  // In the archive's order what is needed comes first.
  for (const entry of entries) {
    const { dependencies } = entry;
    const isPlain = plain.has(entry.desc) && dependencies.every((id) => bytesOf.has(id) || early.has(id));
    if (isPlain && dependencies.some((id) => (bytesOf.get(id) ?? 0) > largeBytes))
      early.set(entry.dumpId, entry);
  }
  return [...early.values()];
}

const plain: ReadonlySet<string> = new Set(["INDEX", "CONSTRAINT", "FK CONSTRAINT"]);
