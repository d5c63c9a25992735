/** Every table is in exactly one stream, or in ranges without gap or overlap that have no end. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRows, type ReadTable } from "../../src/postgres/source/row-plan.ts";

function table(of: Partial<ReadTable>): ReadTable {
  return {
    oid: 1,
    schema: "public",
    name: "t",
    kind: "table",
    extension: null,
    isUnmoved: true,
    columns: ["a"],
    unlogged: false,
    blocks: 0,
    bytes: 0,
    isHeap: true,
    root: null,
    isHazardous: false,
    ...of,
  };
}

const mebibyte = 1 << 20;

describe("planRows", () => {
  it("lets small tables share streams, closes those at 64 MiB, and begins with the largest", () => {
    const tables = Array.from({ length: 900 }, (_, oid) => table({ oid, bytes: mebibyte / 8 }));
    const plans = planRows(
      [...tables, table({ oid: 1000, bytes: 80 * mebibyte, blocks: 10_240 })],
      100_000,
      true,
    );
    expect(plans.map(({ id }) => id)).toEqual(["table-1000", "tables-1", "tables-2"]);
  });

  it("cuts no table that the server would read whole for each range", () => {
    const large = { bytes: 800 * mebibyte, blocks: 102_400 };
    expect(planRows([table(large)], 1000, false).length).toBe(1);
    expect(planRows([table({ ...large, isHeap: false })], 1000, true).length).toBe(1);
    expect(planRows([table({ ...large, columns: [] })], 1000, true).length).toBe(1);
    expect(planRows([table({ ...large, isHazardous: true })], 1000, true).length).toBe(1);
    expect(planRows([table({ ...large, blocks: 2000 })], 1000, true).length).toBe(1);
    expect(planRows([table({ ...large, blocks: 2001 })], 1000, true).length).toBe(3);
  });

  it("covers every block of every table once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200_000), { maxLength: 50 }),
        fc.integer({ min: 200, max: 5000 }),
        fc.boolean(),
        (blocks, sliceBlocks, canSlice) => {
          const tables = blocks.map((count, oid) => table({ oid, blocks: count, bytes: count * 8192 }));
          const plans = planRows(tables, sliceBlocks, canSlice);
          expect(new Set(plans.map(({ id }) => id)).size).toBe(plans.length);
          for (const one of tables) {
            const whole = plans.filter((plan) => plan.kind === "tables" && plan.tables.includes(one));
            const ranges = plans
              .flatMap((plan) => (plan.kind === "slice" && plan.table === one ? [plan.range] : []))
              .toSorted((a, b) => a.from - b.from);
            expect(whole.length + (ranges.length > 0 ? 1 : 0)).toBe(1);
            expect(ranges.map(({ to }) => to)).toEqual(
              ranges.map((_, index) => ranges[index + 1]?.from ?? null),
            );
            expect(ranges[0]?.from ?? 0).toBe(0);
          }
        },
      ),
    );
  });
});
