import { Measure, type Measured } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import { give } from "../../base/given.ts";
import type { Multiset, Slice, TableFingerprint } from "../../model/fingerprint.ts";
import { copyOutStatement } from "../session/copy-statement.ts";
import { assertPlansNoCode } from "./planning-hazards.ts";
import { quoteIdent, quoteLiteral, quoteName } from "../session/quote.ts";
import { lockForReading } from "./readers.ts";
import { joinMultisets, MultisetMeasure } from "../readings/multiset.ts";
import type { BlockRange, ReadTable, RowPlan } from "./row-plan.ts";
import type { Session } from "../session/session.ts";

/** What one COPY gave: a slice of a stream, its rows, and their digest without order where that is asked for. */
export interface ReadSlice {
  readonly oid: number;
  /** Where the slice lies in its table; slices of a table are put together in this order. */
  readonly firstBlock: number;
  readonly slice: Slice;
  readonly rows: number;
  readonly multiset: Multiset | null;
}

export interface RowSource {
  readonly encoding: string;
  readonly standby: boolean;
  /** Sees the catalogs as they are now, not as they were in the snapshot. */
  readonly present: Session;
}

/**
 * The bytes of one stream of rows, table after table as COPY text; what was read is told to `measured`
 * once the server has said that the COPY ended well. Rows of an unlogged table on a standby are left
 * out, as they cannot be read there.
 */
export async function* rowBytes(
  session: Session,
  plan: RowPlan,
  source: RowSource,
  measured: (read: ReadSlice) => void,
): AsyncGenerator<Buffer> {
  const tables = tablesOf(plan);
  await lockForReading(session, tables);
  let offset = 0;
  for (const table of tables) {
    if (!canRead(table, source)) continue;
    const statement = await statementOf(plan, table, source);
    const measure = new Measure();
    const multiset = hasOrder(table) ? null : new MultisetMeasure();
    const copy = session.copyOut(statement);
    for await (const part of copy.bytes) {
      measure.update(part);
      multiset?.update(part);
      yield give(part);
    }
    const { bytes, sha256 } = measure.finish();
    measured({
      oid: table.oid,
      firstBlock: firstBlockOf(plan),
      slice: { stream: plan.id, offset, bytes, sha256 },
      rows: copy.rows(),
      multiset: multiset?.finish() ?? null,
    });
    offset += bytes;
  }
}

/** The one table whose rows are the stream, if its digest is all that has to be taken of them. */
export function framedTable(plan: RowPlan): ReadTable | null {
  const [table, ...others] = tablesOf(plan);
  return table !== undefined && others.length === 0 && hasOrder(table) ? table : null;
}

/**
 * The rows of such a stream as they came, as `FramedStream` has them. `ended` is told what to make of their digest
 * once the server has said that the COPY ended well, or null where nothing was read.
 */
export async function* framedRows(
  session: Session,
  { plan, table }: { readonly plan: RowPlan; readonly table: ReadTable },
  source: RowSource,
  ended: (digested: ((slice: Measured) => ReadSlice) | null) => void,
): AsyncGenerator<Buffer> {
  await lockForReading(session, [table]);
  if (!canRead(table, source)) {
    ended(null);
    return;
  }
  const copy = session.copyOut(await statementOf(plan, table, source), "frames");
  for await (const part of copy.bytes) yield give(part);
  const rows = copy.rows();
  const came = copy.plainBytes();
  ended(({ bytes, sha256 }) => {
    if (bytes !== came) throw new Failure("internal/bug", "a digest was taken of other bytes than came");
    const slice = { stream: plan.id, offset: 0, bytes, sha256 };
    return { oid: table.oid, firstBlock: firstBlockOf(plan), slice, rows, multiset: null };
  });
}

function tablesOf(plan: RowPlan): readonly ReadTable[] {
  return plan.kind === "tables" ? plan.tables : [plan.table];
}

function firstBlockOf(plan: RowPlan): number {
  return plan.kind === "tables" ? 0 : plan.range.from;
}

function canRead(table: ReadTable, { standby }: RowSource): boolean {
  return !(table.unlogged && standby);
}

async function statementOf(plan: RowPlan, table: ReadTable, source: RowSource): Promise<string> {
  if (plan.kind === "tables") return copyOutStatement(table, source.encoding);
  await assertPlansNoCode(source.present, table);
  return copyRangeStatement(table, plan.range, source.encoding);
}

/** The table as the fingerprint has it, from all that was read of it. */
export function tableFingerprint(table: ReadTable, reads: readonly ReadSlice[]): TableFingerprint {
  const ordered = reads.toSorted((a, b) => a.firstBlock - b.firstBlock);
  return {
    schema: table.schema,
    name: table.name,
    columns: [...table.columns],
    rows: ordered.reduce((sum, { rows }) => sum + rows, 0),
    bytes: ordered.reduce((sum, { slice }) => sum + slice.bytes, 0),
    slices: ordered.map(({ slice }) => slice),
    load: loadOf(table),
    multiset: hasOrder(table) ? null : joinMultisets(ordered.flatMap(({ multiset }) => multiset ?? [])),
    unlogged: table.unlogged,
  };
}

/**
 * A range of blocks by its TIDs. The table stands under a lock and under its own name, so that nothing but
 * its rows is read (trap 2).
 */
function copyRangeStatement(table: ReadTable, range: BlockRange, encoding: string): string {
  const columns = table.columns.map(quoteIdent).join(", ");
  const upper = range.to === null ? "" : ` and ctid < '(${String(range.to)},0)'::pg_catalog.tid`;
  const rows = `select ${columns} from only ${quoteName(table)} where ctid >= '(${String(range.from)},0)'::pg_catalog.tid${upper}`;
  return `copy (${rows}) to stdout (encoding ${quoteLiteral(encoding)})`;
}

function hasOrder(table: ReadTable): boolean {
  return table.extension === null && table.root === null;
}

/** How its rows go back in. */
export function loadOf(table: ReadTable): TableFingerprint["load"] {
  if (table.extension !== null) return { kind: "extension", extension: table.extension };
  if (table.root !== null) return { kind: "through-root", root: table.root };
  return { kind: "ordered" };
}
