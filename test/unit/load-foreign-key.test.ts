/** A foreign key is checked along indexes only where both tables have one that is there by then. */
import { describe, expect, it } from "vitest";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { afterIndexes, joiningOf } from "../../src/postgres/load/foreign-key.ts";

const entry = (desc: string, defn: string): TocEntry => ({
  dumpId: 1,
  desc,
  dependencies: [],
  catalogId: { tableOid: 0, oid: 0 },
  tag: "t",
  section: "post-data",
  defn,
  dropStmt: "",
  namespace: "shop",
  owner: "",
  tablespace: "",
  tableAm: "",
});

const key = entry(
  "FK CONSTRAINT",
  'ALTER TABLE ONLY shop.bill\n    ADD CONSTRAINT bill_fkey FOREIGN KEY (customer, "no") REFERENCES shop.customer(id, "no") ON DELETE CASCADE;\n',
);
const indexOn = (place: string): TocEntry => entry("INDEX", `CREATE INDEX i ON ${place};\n`);

function isAlong(other: TocEntry, isMade = true): boolean {
  return joiningOf(key, { entries: [key, other], ledger: { has: () => isMade } }) !== "";
}

describe("the check of a foreign key", () => {
  it("goes along an index or a constraint's that begins with its columns", () => {
    expect(isAlong(indexOn('shop.bill USING btree (customer, "no")'))).toBe(true);
    expect(isAlong(indexOn('ONLY shop.bill USING btree (customer, "no", at)'))).toBe(true);
    const primary = 'ALTER TABLE ONLY shop.bill\n    ADD CONSTRAINT p PRIMARY KEY (customer, "no", line);\n';
    expect(isAlong(entry("CONSTRAINT", primary))).toBe(true);
  });

  it("is left to the server where no such index is there yet", () => {
    expect(isAlong(indexOn('shop.bill USING btree (customer, "no")'), false)).toBe(false);
  });

  it("is left to the server where the index is another table's, of other columns, of some rows or of another kind", () => {
    expect(isAlong(indexOn('shop.bill_line USING btree (customer, "no")'))).toBe(false);
    expect(isAlong(indexOn('shop.bill USING btree ("no", customer)'))).toBe(false);
    expect(isAlong(indexOn('shop.bill USING btree (customer, "no" DESC)'))).toBe(false);
    expect(isAlong(indexOn('shop.bill USING btree (customer, "no") WHERE (open)'))).toBe(false);
    expect(isAlong(indexOn('shop.bill USING gin (customer, "no")'))).toBe(false);
    const other = 'ALTER TABLE ONLY shop.customer\n    ADD CONSTRAINT p PRIMARY KEY (customer, "no");\n';
    expect(isAlong(entry("CONSTRAINT", other))).toBe(false);
  });

  it("comes after such an index, and waits for no other", () => {
    const index = { ...indexOn('shop.bill USING btree (customer, "no", at)'), dumpId: 7 };
    const other = { ...indexOn("shop.bill USING btree (at)"), dumpId: 8 };
    const after = afterIndexes({ ...key, dependencies: [3] }, [index, other, key]);
    expect({ after: after.dependencies, index: afterIndexes(index, [index, key]) }).toEqual({
      after: [3, 7],
      index,
    });
  });

  it("changes nothing of any other entry", () => {
    const index = indexOn('shop.bill USING btree (customer, "no")');
    expect(joiningOf(index, { entries: [index], ledger: { has: () => true } })).toBe("");
  });
});
