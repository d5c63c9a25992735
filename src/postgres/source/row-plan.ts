import type { SourceTable } from "./source-tables.ts";
import type { TableDetails } from "./table-details.ts";

export interface ReadTable extends SourceTable, TableDetails {}

/** One stream of rows: several small tables whole, or one table whole, or a range of its blocks. */
export type RowPlan =
  | {
      readonly kind: "tables";
      readonly id: string;
      readonly tables: readonly ReadTable[];
      readonly bytes: number;
    }
  | {
      readonly kind: "slice";
      readonly id: string;
      readonly table: ReadTable;
      readonly range: BlockRange;
      readonly bytes: number;
    };

/** From block `from` up to but not including `to`; `null`: to the end, wherever that is by then. */
export interface BlockRange {
  readonly from: number;
  readonly to: number | null;
}

/** Tables up to this size share streams, so that 900 tiny tables make a handful of objects. */
const smallBytes = 1 << 20;
/** A shared stream is closed at this size, so that several connections have something to read. */
const sharedBytes = 64 << 20;

/**
 * Which streams the tables are read as, largest first. Small tables share streams in name order. A heap
 * of more than twice `sliceBlocks` is cut into ranges, where the server reads ranges of TIDs without reading all
 * (`canSlice`: PostgreSQL 14 or newer). Names of streams depend on oids alone, since names of tables can be anything.
 */
export function planRows(tables: readonly ReadTable[], sliceBlocks: number, canSlice: boolean): RowPlan[] {
  const small = tables.filter(({ bytes }) => bytes <= smallBytes);
  const large = tables.filter(({ bytes }) => bytes > smallBytes);
  const plans = [
    ...shared(small),
    ...large.flatMap((table) =>
      canSlice && isSliceable(table, sliceBlocks)
        ? slices(table, sliceBlocks)
        : [whole(`table-${String(table.oid)}`, [table])],
    ),
  ];
  return plans.sort((a, b) => b.bytes - a.bytes);
}

function isSliceable(table: ReadTable, sliceBlocks: number): boolean {
  // A slice is a SELECT; what none may name is read whole, by a plain COPY.
  return table.isHeap && !table.isHazardous && table.columns.length > 0 && table.blocks > 2 * sliceBlocks;
}

function slices(table: ReadTable, sliceBlocks: number): RowPlan[] {
  const count = Math.ceil(table.blocks / sliceBlocks);
  return Array.from({ length: count }, (_, index) => ({
    kind: "slice",
    id: `table-${String(table.oid)}-${String(index + 1)}`,
    table,
    range: { from: index * sliceBlocks, to: index + 1 === count ? null : (index + 1) * sliceBlocks },
    bytes: table.bytes / count,
  }));
}

function shared(tables: readonly ReadTable[]): RowPlan[] {
  const groups: ReadTable[][] = [];
  let room = 0;
  for (const table of tables) {
    const group = groups.at(-1);
    if (group === undefined || room < table.bytes) {
      groups.push([table]);
      room = sharedBytes - table.bytes;
    } else {
      group.push(table);
      room -= table.bytes;
    }
  }
  return groups.map((group, index) => whole(`tables-${String(index + 1)}`, group));
}

function whole(id: string, tables: readonly ReadTable[]): RowPlan {
  return { kind: "tables", id, tables, bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0) };
}
