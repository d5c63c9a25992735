/** A definition that the server spells anew is told from one that is another by what stands in its own object's place of the archive. */
import { describe, expect, it } from "vitest";
import type { Definition } from "../../src/model/fingerprint.ts";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { isSpelt } from "../../src/postgres/compare/spelt.ts";

function entry(tag: string, defn: string, namespace = "app"): TocEntry {
  return {
    dumpId: 1,
    catalogId: { tableOid: 0, oid: 0 },
    desc: "TABLE",
    tag,
    section: "pre-data",
    defn,
    dropStmt: "",
    namespace,
    owner: "",
    tablespace: "",
    tableAm: "",
    dependencies: [],
  };
}

function definition(kind: string, part: string, text: string, more: Partial<Definition> = {}): Definition {
  return { kind, schema: "app", name: "t", part, text, ...more };
}

const table = entry(
  "t",
  `CREATE TABLE app.t (
    a integer DEFAULT 0.5 NOT NULL,
    "Odd ""b" text DEFAULT 'x'::text COLLATE pg_catalog."C",
    c integer DEFAULT 7,
    g integer GENERATED ALWAYS AS ((a + 1)) STORED,
    CONSTRAINT positive CHECK ((a > 0)),
    CONSTRAINT small CHECK ((a < 100))
)
PARTITION BY RANGE ((a + 1));
`,
);

describe("what the archive says of an object itself", () => {
  it.each([
    definition("default", 'Odd "b', "'x'::text"),
    definition("default", "c", "7"),
    definition("generated", "g", "(a + 1)"),
    definition("constraint", "positive", "CHECK ((a > 0))"),
    definition("constraint", "small", "CHECK ((a < 100))"),
    definition("partition key", "", "RANGE ((a + 1))"),
  ])("is found: $kind $part", (one) => {
    expect(isSpelt(one, [table])).toBe(true);
  });

  it.each([
    ["a shorter number than stands there", definition("default", "a", "0")],
    ["the default of another column", definition("default", "a", "7")],
    ["the check of another constraint", definition("constraint", "positive", "CHECK ((a < 100))")],
    ["the beginning of a check", definition("constraint", "positive", "CHECK ((a")],
    ["the expression of no column", definition("generated", "c", "(a + 1)")],
    ["another key", definition("partition key", "", "RANGE ((a +")],
  ])("is not found: %s", (_, one) => {
    expect(isSpelt(one, [table])).toBe(false);
  });

  it("is looked for in the object's own entries, unless it may be inherited", () => {
    const elsewhere = [entry("t2", table.defn), entry("t", table.defn, "other")];
    const check = definition("constraint", "positive", "CHECK ((a > 0))");
    expect(isSpelt(check, elsewhere)).toBe(false);
    expect(isSpelt({ ...check, inherited: true }, elsewhere)).toBe(true);
  });

  it("is found in what hangs on a relation, and in a function by its arguments", () => {
    const policy = entry("t own", "CREATE POLICY own ON app.t USING ((a > 1)) WITH CHECK ((a > 2));\n");
    expect(isSpelt(definition("policy", "own", "(a > 1)"), [policy])).toBe(true);
    expect(isSpelt(definition("policy check", "own", "(a > 2)"), [policy])).toBe(true);
    expect(isSpelt(definition("policy", "own", "(a > 2)"), [policy])).toBe(false);
    const body = entry(
      "t(integer)",
      "CREATE FUNCTION app.t(a integer DEFAULT 5) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT a;\nEND;\n",
    );
    expect(isSpelt(definition("body", "a integer", "BEGIN ATOMIC\n SELECT a;\nEND"), [body])).toBe(true);
    expect(isSpelt(definition("arguments", "a integer", "a integer DEFAULT 5"), [body])).toBe(true);
    expect(isSpelt(definition("arguments", "a integer", "a integer DEFAULT"), [body])).toBe(false);
  });

  it("is found whatever signs it has that mean something in a pattern", () => {
    const text = String.raw`'^a.*(b|c)+\d{2}[x]$ -/?'::text`;
    const odd = entry("t", `ALTER TABLE ONLY app.t ALTER COLUMN "a.*" SET DEFAULT ${text};\n`);
    expect(isSpelt(definition("default", "a.*", text), [odd])).toBe(true);
    expect(isSpelt(definition("default", "abc", text), [odd])).toBe(false);
  });
});
