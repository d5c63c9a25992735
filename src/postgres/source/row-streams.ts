import { Measure } from "../../base/digest.ts";
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
  let offset = 0;
  for (const table of tables) {
    if (table.unlogged && source.standby) continue;
    const statement =
      plan.kind === "tables"
        ? copyOutStatement(table, source.encoding)
        : copyRangeStatement(table, plan.range, source.encoding);
    if (plan.kind === "slice") await assertPlansNoCode(source.present, table);
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
      firstBlock: plan.kind === "tables" ? 0 : plan.range.from,
      slice: { stream: plan.id, offset, bytes, sha256 },
      rows: copy.rows(),
      multiset: multiset?.finish() ?? null,
    });
    offset += bytes;
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
