/** Rows, bytes and SHA-256 of every table, slice by slice; without order where order cannot be kept. */
import { append } from "../../base/append.ts";
import { eachAtOnce } from "../../base/limit.ts";
import { recycle } from "../../base/parts.ts";
import { compareResult, type CheckResult, type Finding } from "../../model/check.ts";
import type { Fingerprint, Multiset, TableFingerprint } from "../../model/fingerprint.ts";
import { copyOutStatement } from "../session/copy-statement.ts";
import { quoteName } from "../session/quote.ts";
import { joinMultisets, MultisetMeasure } from "../readings/multiset.ts";
import { schemasOf, scopeTables } from "../readings/scope.ts";
import type { Session } from "../session/session.ts";
import { missingOrElse } from "./missing.ts";
import { openExact, type Comparison } from "./restored.ts";
import { SliceMeasure } from "./slice-measure.ts";

/** What is compared as one: a table, or the leaves whose rows go in through one root. */
type Part =
  | { readonly kind: "ordered"; readonly table: TableFingerprint }
  | { readonly kind: "multiset"; readonly subject: string; readonly tables: readonly TableFingerprint[] };

export async function checkTables(comparison: Comparison): Promise<CheckResult> {
  const { restored, reader, fingerprint, options, places, wait } = comparison;
  const tables = chosen(fingerprint.tables, options.onlyTables);
  const findings: Finding[] = [];
  const found = await restoredTables(comparison);
  const isThere = (table: TableFingerprint): boolean => found.has(quoteName(table));
  append(
    findings,
    tables
      .filter((table) => !isThere(table))
      .map((table) => ({ subject: subjectOf(table), difference: "absent" })),
  );
  if (options.onlyTables === null) append(findings, extras(fingerprint, found));
  const free: Session[] = [];
  await using sessions = new AsyncDisposableStack();
  await eachAtOnce(partsOf(tables.filter(isThere)), options.jobs, async (part) => {
    const leave = await places.take(1, wait);
    try {
      const session = free.pop() ?? sessions.use(await openExact(restored, reader, wait));
      append(findings, await comparePart(session, part, fingerprint.database.encoding));
      free.push(session);
    } finally {
      leave();
    }
  });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  findings.sort((one, other) => (one.subject < other.subject ? -1 : 1));
  const detail = `${String(tables.length)} tables with ${String(rows)} rows are equal`;
  return compareResult("tables", tables.length, findings, detail);
}

function chosen(
  tables: readonly TableFingerprint[],
  only: readonly { readonly schema: string; readonly name: string }[] | null,
): readonly TableFingerprint[] {
  if (only === null) return tables;
  const wanted = new Set(only.map(quoteName));
  return tables.filter((table) => wanted.has(quoteName(table)));
}

interface FoundTable {
  readonly schema: string;
  readonly name: string;
  readonly member: boolean;
  readonly unlogged: boolean;
}

async function restoredTables({
  restored,
  reader,
  fingerprint,
  wait,
}: Comparison): Promise<Map<string, FoundTable>> {
  await using session = await openExact(restored, reader, wait);
  const rows = await session.query<FoundTable>(
    `with ${scopeTables}
     select n.nspname::text as schema, c.relname::text as name, c.relpersistence = 'u' as unlogged,
            c.oid not in (select oid from relation) as member
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and (c.oid in (select oid from relation) or c.oid in (select objid from member))`,
    [schemasOf(fingerprint.scope)],
  );
  return new Map(rows.map((row) => [quoteName(row), row]));
}

/** Tables that extensions make come with the extension; a standby cannot tell of unlogged ones. */
function extras(fingerprint: Fingerprint, found: ReadonlyMap<string, FoundTable>): Finding[] {
  const known = new Set(fingerprint.tables.map(quoteName));
  return Array.from(found.values())
    .filter((table) => !table.member && !(table.unlogged && fingerprint.server.standby))
    .filter((table) => !known.has(quoteName(table)))
    .map((table) => ({ subject: subjectOf(table), difference: "was not in the source" }));
}

function partsOf(tables: readonly TableFingerprint[]): Part[] {
  const roots = new Map<string, TableFingerprint[]>();
  const parts: Part[] = [];
  for (const table of tables) {
    switch (table.load.kind) {
      case "ordered":
        parts.push({ kind: "ordered", table });
        break;
      case "extension":
        parts.push({ kind: "multiset", subject: subjectOf(table), tables: [table] });
        break;
      case "through-root": {
        const subject = subjectOf(table.load.root);
        roots.set(subject, [...(roots.get(subject) ?? []), table]);
        break;
      }
    }
  }
  // Largest first, so that the last connection is not left alone with the largest.
  parts.sort((one, other) => bytesOf(other) - bytesOf(one));
  return [
    ...Array.from(roots, ([subject, leaves]) => ({ kind: "multiset" as const, subject, tables: leaves })),
    ...parts,
  ];
}

function bytesOf(part: Part): number {
  return part.kind === "ordered" ? part.table.bytes : 0;
}

async function comparePart(session: Session, part: Part, encoding: string): Promise<Finding[]> {
  switch (part.kind) {
    case "ordered":
      return missingOrElse(subjectOf(part.table), () => compareOrdered(session, part.table, encoding));
    case "multiset":
      return missingOrElse(part.subject, () => compareUnordered(session, part, encoding));
  }
}

async function compareOrdered(
  session: Session,
  table: TableFingerprint,
  encoding: string,
): Promise<Finding[]> {
  const measure = new SliceMeasure(table.slices);
  const copy = session.copyOut(copyOutStatement(table, encoding));
  for await (const bytes of copy.bytes) {
    measure.update(bytes);
    recycle(bytes);
  }
  const differences = measure.finish();
  if (copy.rows() !== table.rows)
    differences.unshift(`expected ${String(table.rows)} rows, found ${String(copy.rows())}`);
  return differences.length === 0 ? [] : [{ subject: subjectOf(table), difference: differences.join("; ") }];
}

/** Leaves are read in the column order of the first, so that a row has one text wherever it lies. */
async function compareUnordered(
  session: Session,
  part: { readonly subject: string; readonly tables: readonly TableFingerprint[] },
  encoding: string,
): Promise<Finding[]> {
  const expected = joinMultisets(
    part.tables.map((table) => table.multiset ?? { rows: 0, sum: "0".repeat(64) }),
  );
  const measure = new MultisetMeasure();
  for (const table of part.tables) {
    const columns = part.tables[0]?.columns ?? table.columns;
    for await (const bytes of session.copyOut(copyOutStatement({ ...table, columns }, encoding)).bytes) {
      measure.update(bytes);
      recycle(bytes);
    }
  }
  const difference = multisetDifference(expected, measure.finish());
  return difference === null ? [] : [{ subject: part.subject, difference }];
}

/** null when they are equal. */
export function multisetDifference(expected: Multiset, found: Multiset): string | null {
  if (expected.rows !== found.rows)
    return `expected ${String(expected.rows)} rows, found ${String(found.rows)}`;
  return expected.sum === found.sum
    ? null
    : `${String(expected.rows)} rows as expected, but not the same ones`;
}

function subjectOf(table: { readonly schema: string; readonly name: string }): string {
  return `table ${quoteName(table)}`;
}
