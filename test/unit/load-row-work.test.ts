/** Keys are made before all rows are in only where no function of the tenant's can be run by them, which could read what is not there yet (trap 15). */
import { describe, expect, it } from "vitest";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { largestFirst } from "../../src/postgres/load/keys/post-data.ts";
import { isEarlyEnough, largeBytes, workOf } from "../../src/postgres/load/rows/row-work.ts";
import { largeTable as large, tocEntry as entry } from "../support/toc-entries.ts";

/** Whether the index 2 of the large table 1 is made as soon as the rows of that are in. */
function isEarly(...others: readonly TocEntry[]): boolean {
  const table = others.find(({ dumpId }) => dumpId === 1) ?? entry(1, "TABLE");
  const rest = others.filter(({ dumpId }) => dumpId !== 1);
  const index = entry(2, "INDEX", [1]);
  const tables = [large("t1")];
  const work = workOf(
    { entries: [...rest, table, index], fingerprint: { tables }, keyParts: new Map() },
    tables,
    [index],
  );
  return work.some(({ dumpId }) => dumpId === 2);
}

describe("an index of a large table", () => {
  it("is made early where the table has nothing of its own, or an enum or a domain of plain types", () => {
    const schema = entry(3, "SCHEMA");
    expect(isEarly()).toBe(true);
    expect(isEarly(schema, entry(4, "TYPE", [3]), entry(1, "TABLE", [3, 4]))).toBe(true);
    expect(isEarly(schema, entry(4, "DOMAIN", [3]), entry(5, "TABLE", [4]), entry(1, "TABLE", [5]))).toBe(
      true,
    );
  });

  it("is made early where a default of the table runs a function, which no index does", () => {
    expect(isEarly(entry(4, "FUNCTION"), entry(1, "TABLE", [4]))).toBe(true);
  });

  it("waits where elements of an array may be compared by the tenant's operator class, which nothing of the index names", () => {
    const rank = [entry(4, "TYPE"), entry(5, "FUNCTION", [4]), entry(6, "OPERATOR CLASS", [4, 5])];
    expect(isEarly(...rank, entry(1, "TABLE", [4]))).toBe(false);
  });

  it("waits where a foreign key may go through the tenant's cast", () => {
    expect(isEarly(entry(4, "TYPE"), entry(5, "CAST", [4]), entry(1, "TABLE", [4]))).toBe(false);
  });

  it("waits where a type of the table needs a function or an extension, however far away", () => {
    expect(isEarly(entry(4, "FUNCTION"), entry(5, "TYPE", [4]), entry(1, "TABLE", [5]))).toBe(false);
    expect(isEarly(entry(4, "EXTENSION"), entry(1, "TABLE", [4]))).toBe(false);
    expect(
      isEarly(entry(4, "FUNCTION"), entry(5, "DOMAIN", [4]), entry(6, "TYPE", [5]), entry(1, "TABLE", [6])),
    ).toBe(false);
  });
});

/** Whether the foreign key 5 of table 1 to table 2, whose keys are 3 and 4, is made while only these are still to be loaded. */
function isMadeBeside(...waiting: readonly string[]): boolean {
  const tables = [large("t1"), large("t2"), large("t6"), { ...large("t7"), bytes: largeBytes }];
  const posts = [entry(3, "CONSTRAINT", [1]), entry(4, "CONSTRAINT", [2]), entry(5, "FK CONSTRAINT", [1, 4])];
  const entries = [...[1, 2, 6, 7].map((id) => entry(id, "TABLE")), ...posts];
  const work = workOf({ entries, fingerprint: { tables }, keyParts: new Map() }, tables, posts);
  const key = work.find(({ dumpId }) => dumpId === 5);
  const left = work.filter((one) => one.kind === "load" && waiting.includes(one.table.name));
  return key?.kind === "entry" && isEarlyEnough(key, left);
}

describe("a foreign key of a large table", () => {
  it("is made early beside as many rows as it reads itself, and else when there is more beside it", () => {
    expect([isMadeBeside("t6"), isMadeBeside("t7"), isMadeBeside()]).toEqual([true, false, false]);
  });

  it("comes before indexes, which keep the other lanes busy, and those before a check that may read anything", () => {
    const tables = [large("t1"), { ...large("t2"), bytes: 2 * largeBytes }];
    const posts = [
      entry(3, "CHECK CONSTRAINT", [2]),
      entry(4, "INDEX", [1]),
      entry(5, "INDEX", [2]),
      entry(6, "FK CONSTRAINT", [1, 2]),
    ];
    const entries = [entry(1, "TABLE"), entry(2, "TABLE"), ...posts];
    const order = largestFirst({ entries, fingerprint: { tables } }, posts);
    expect(order.map(({ dumpId }) => dumpId)).toEqual([6, 5, 4, 3]);
  });

  it("comes after indexes where a table is partitioned, since the server takes all partitions with it", () => {
    const bill = {
      ...entry(1, "TABLE"),
      defn: "CREATE TABLE shop.bill (\n    at date NOT NULL\n)\nPARTITION BY RANGE (at);\n",
    };
    const posts = [
      entry(5, "FK CONSTRAINT", [1, 4]),
      entry(6, "FK CONSTRAINT", [2, 4]),
      entry(7, "INDEX", [3]),
    ];
    const entries = [bill, entry(2, "TABLE"), entry(3, "TABLE"), ...posts];
    const order = largestFirst({ entries, fingerprint: { tables: [] } }, posts);
    expect(order.map(({ dumpId }) => dumpId)).toEqual([6, 7, 5]);
  });
});
