/** A foreign key is checked along the indexes of its two tables, so it waits for them; and what the planner is told for that it is told for that alone. */
import { describe, expect, it } from "vitest";
import { byPagesAlone, indexesBefore } from "../../src/postgres/load/keys/foreign-key-check.ts";
import { workOf } from "../../src/postgres/load/rows/row-work.ts";
import { Schedule } from "../../src/postgres/load/schedule.ts";
import { largeTable as large, tocEntry as entry } from "../support/toc-entries.ts";

const tables = [entry(1, "TABLE"), entry(2, "TABLE"), entry(3, "TABLE")];
const key = entry(4, "CONSTRAINT", [2]);
const ordered = entry(5, "INDEX", [1], "CREATE INDEX i ON s.t1 USING btree (c);");
const words = entry(6, "INDEX", [1], "CREATE INDEX i ON s.t1 USING gin (c);");
const elsewhere = entry(7, "INDEX", [3], "CREATE INDEX i ON s.t3 USING btree (c);");
const foreignKey = entry(8, "FK CONSTRAINT", [1, 2, 4]);
const all = [...tables, key, ordered, words, elsewhere, foreignKey];

describe("a foreign key", () => {
  it("waits for keys and ordered indexes of its tables, and for nothing else", () => {
    const before = indexesBefore(all);
    expect(new Set(before(foreignKey))).toEqual(new Set([4, 5]));
    expect([key, ordered, words, elsewhere].map(before)).toEqual([[], [], [], []]);
  });

  it("that is made while rows are loaded comes after the indexes of its tables that are made then", async () => {
    const loaded = [large("t1"), large("t2"), large("t3")];
    const postData = [key, ordered, elsewhere, foreignKey];
    const works = workOf(
      { entries: all, fingerprint: { tables: loaded }, keyParts: new Map() },
      loaded,
      postData,
    );
    const schedule = new Schedule(works, all, () => 0);
    const order: number[] = [];
    for (let work = await schedule.next(); work !== null; work = await schedule.next()) {
      order.push(work.dumpId);
      schedule.done(work);
    }
    expect(new Set(order)).toEqual(new Set([-1, -2, -3, 4, 5, 7, 8]));
    for (const first of [-1, -2, 4, 5]) expect(order.indexOf(8)).toBeGreaterThan(order.indexOf(first));
  });

  it("tells the planner nothing that outlives its own statement", () => {
    const statements = byPagesAlone.split(";\n").filter((text) => text !== "");
    expect(statements.length).toBeGreaterThan(0);
    for (const text of statements) expect(text).toMatch(/^set local [a-z_]+ = [a-z0-9]+$/);
    expect(byPagesAlone.endsWith(";\n")).toBe(true);
  });
});
