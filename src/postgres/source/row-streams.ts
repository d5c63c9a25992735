import { Measure } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import { give } from "../../base/given.ts";
import type { Multiset, Slice, TableFingerprint } from "../../model/fingerprint.ts";
import { copyOutStatement } from "../session/copy-statement.ts";
import { assertPlannedNoCode, assertPlansNoCode } from "./planning-hazards.ts";
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

/** So many tables are asked for in one message: the server logs a statement that fails with all that came with it. */
const copiesAtOnce = 64;

/**
 * The bytes of one stream of rows, table after table as COPY text; what was read is told to `measured`
 * once the server has said that the COPY ended well. Rows of an unlogged table on a standby are left
 * out, as they cannot be read there.
 */
export async function* rowBytes(
  session: Session,
  plan: RowPlan,
  source: {
    readonly encoding: string;
    readonly standby: boolean;
    /** Sees the catalogs as they are now, not as they were in the snapshot. */
    readonly present: Session;
  },
  measured: (read: ReadSlice) => void,
): AsyncGenerator<Buffer> {
  const tables = plan.kind === "tables" ? plan.tables : [plan.table];
  await lockForReading(session, tables);
  const copied = tables.filter(({ unlogged }) => !(unlogged && source.standby));
  let unplanned = plan.kind === "slice" ? copied : [];
  for (const table of unplanned) await assertPlansNoCode(source.present, table);
  let offset = 0;
  for (let from = 0; from < copied.length; from += copiesAtOnce) {
    const some = copied.slice(from, from + copiesAtOnce);
    const statements = some.map((table) =>
      plan.kind === "tables"
        ? copyOutStatement(table, source.encoding)
        : copyRangeStatement(table, plan.range, source.encoding),
    );
    const left = some.map((table) => new CopyMeasure(table, plan));
    for await (const { bytes, ends } of session.copiesOut(statements)) {
      for (const table of unplanned) await assertPlannedNoCode(source.present, table);
      unplanned = [];
      let at = 0;
      for (const end of ends) {
        const one = atHand(left);
        one.update(bytes.subarray(at, end.at));
        const read = one.finish(offset, end.rows);
        measured(read);
        offset += read.slice.bytes;
        at = end.at;
        left.shift();
      }
      if (at < bytes.length) atHand(left).update(bytes.subarray(at));
      if (bytes.length > 0) yield give(bytes);
    }
    if (left.length > 0) throw new Failure("internal/bug", "a COPY has neither failed nor ended");
  }
}

/** Every byte belongs to a table whose end is still to come. */
function atHand([first]: readonly CopyMeasure[]): CopyMeasure {
  if (first === undefined) throw new Failure("internal/bug", "more was copied than was asked for");
  return first;
}

/** What one COPY of a plan gives, measured as it comes. */
class CopyMeasure {
  readonly #table: ReadTable;
  readonly #plan: RowPlan;
  readonly #measure = new Measure();
  readonly #multiset: MultisetMeasure | null;

  constructor(table: ReadTable, plan: RowPlan) {
    this.#table = table;
    this.#plan = plan;
    this.#multiset = hasOrder(table) ? null : new MultisetMeasure();
  }

  update(bytes: Buffer): void {
    this.#measure.update(bytes);
    this.#multiset?.update(bytes);
  }

  /** `offset`: where it begins in its stream. Once. */
  finish(offset: number, rows: number): ReadSlice {
    const { bytes, sha256 } = this.#measure.finish();
    return {
      oid: this.#table.oid,
      firstBlock: this.#plan.kind === "tables" ? 0 : this.#plan.range.from,
      slice: { stream: this.#plan.id, offset, bytes, sha256 },
      rows,
      multiset: this.#multiset?.finish() ?? null,
    };
  }
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
