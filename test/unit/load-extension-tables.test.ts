/** What of a statement beside an extension's table the administrator runs: names and words of ours, and nothing of a tenant's. */
import { describe, expect, it } from "vitest";
import { heirOfExtension, statementsOf } from "../../src/postgres/load/extensions/extension-heir.ts";
import { keyToExtension, type KeyToExtension } from "../../src/postgres/load/extensions/extension-key.ts";

const behind = {
  standardStrings: true,
  extensionTables: new Set(["x.streets", 'x."Odd; ""t"']),
  keptSchemas: new Set(["kept"]),
};

describe("a foreign key to an extension's table", () => {
  const of = (defn: string, desc = "FK CONSTRAINT"): KeyToExtension | null =>
    keyToExtension({ desc, defn }, behind);
  const key = (more = "", to = "x.streets"): string =>
    `ALTER TABLE ONLY s.t\n    ADD CONSTRAINT k FOREIGN KEY (a, "b, c") REFERENCES ${to}(id, "I)d")${more};\n`;

  it("is taken apart", () => {
    expect(of(key(" ON DELETE CASCADE"))).toEqual({
      table: "s.t",
      name: "k",
      refersTo: "x.streets",
      key: 'FOREIGN KEY (a, "b, c") REFERENCES x.streets(id, "I)d") ON DELETE CASCADE',
      unchecked: "",
      isPartitioned: false,
    });
    expect(of(key().replace("ONLY ", ""))?.isPartitioned).toBe(true);
    for (const unchecked of [" NOT VALID", " NOT ENFORCED"])
      expect(of(key(` DEFERRABLE${unchecked}`))?.unchecked).toBe(unchecked);
    expect(of(key("", 'x."Odd; ""t"'))?.refersTo).toBe('x."Odd; ""t"');
  });

  it.each([
    " MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
    ' ON DELETE SET DEFAULT (a, "b, c") DEFERRABLE NOT VALID',
  ])("may say%s", (more) => {
    expect(of(key(more))).not.toBeNull();
  });

  it.each([
    ["another table's", key("", "s.own")],
    ["followed by another statement", `${key()}select s.f();`],
    ["with another change", key(", ADD COLUMN d integer DEFAULT s.f()")],
    ["with an expression", key().replace("(a,", "((s.f()),")],
    ["with a comment", key(" -- x")],
    ["without schemas", key().replace("s.t", "t")],
    ["in a name that is escaped", key().replace("s.t", 's.U&"\\0074"')],
    ["for a time", key().replace("(a,", "(a, PERIOD")],
  ])("is none when it is %s", (_, defn) => {
    expect(of(defn)).toBeNull();
  });

  it("is no other kind of entry", () => {
    expect(of(key(), "CONSTRAINT")).toBeNull();
  });
});

describe("a table below an extension's", () => {
  const inherited = new Map([
    ["id", '"id" integer'],
    ["Na me", '"Na me" text COLLATE pg_catalog."C"'],
  ]);
  const of = (
    defn: string,
    standardStrings = true,
    namespace = "s",
  ): ReturnType<typeof statementsOf> | null => {
    const heir = heirOfExtension(
      { desc: "TABLE", namespace, tag: "t", tableAm: "heap", defn },
      { ...behind, standardStrings },
    );
    return heir === null ? null : statementsOf(heir, inherited);
  };
  const table = (columns: string, more = "", parents = "x.streets"): string =>
    `CREATE TABLE s.t (${columns})\nINHERITS (${parents})${more};\n`;
  const bare = 'CREATE TABLE "s"."t" ()\nINHERITS (x.streets);';

  it("is made of what it inherits, and has the rest added", () => {
    const columns = [
      "a integer DEFAULT s.f(1, 2)",
      "b numeric(3,1)[] DEFAULT ARRAY[1, 2] NOT NULL",
      `"c, (" text DEFAULT 'x, ('::text`,
      "g integer GENERATED ALWAYS AS (s.g(a, '),')) STORED",
      "CONSTRAINT c CHECK ((s.h(a, b) > 2))",
    ];
    const made = of(table(`\n    ${columns.join(",\n    ")}\n`, "\nWITH (fillfactor='70')"));
    expect(made?.bare).toBe(bare);
    const added = columns.map((one) => (one.startsWith("CONSTRAINT") ? `ADD ${one}` : `ADD COLUMN ${one}`));
    expect(made?.rest).toBe(`ALTER TABLE ONLY "s"."t" ${[...added, "SET (fillfactor='70')"].join(",\n")};`);
  });

  it("may have no column of its own, and other statements behind it", () => {
    expect(of(table("\n"))).toEqual({ bare, rest: "" });
    const stored = "ALTER TABLE ONLY s.t ALTER COLUMN a SET STORAGE EXTERNAL;";
    expect(of(`${table("a text")}${stored}\n`)?.rest).toBe(
      `ALTER TABLE ONLY "s"."t" ADD COLUMN a text;\n\n${stored}`,
    );
    expect(of(table("a text").replace("TABLE", "UNLOGGED TABLE"))?.bare).toMatch(/^CREATE UNLOGGED TABLE /);
    expect(of(table("a text", "", 's.own, x."Odd; ""t"'))?.bare).toContain('(s.own, x."Odd; ""t")');
  });

  it("names what it inherits and has itself, and changes that", () => {
    const made = of(
      table(
        `"Na me" text DEFAULT 'x, NOT'::text NOT NULL COLLATE pg_catalog."C", id integer, own text DEFAULT (NOT s.f())`,
      ),
    );
    expect(made?.bare).toBe(
      'CREATE TABLE "s"."t" ("Na me" text COLLATE pg_catalog."C" DEFAULT NULL, "id" integer)\nINHERITS (x.streets);',
    );
    expect(made?.rest.split(",\n")).toEqual([
      `ALTER TABLE ONLY "s"."t" ALTER COLUMN "Na me" SET DEFAULT 'x, NOT'::text`,
      `ALTER COLUMN "Na me" SET NOT NULL`,
      "ADD COLUMN own text DEFAULT (NOT s.f());",
    ]);
    // What is generated cannot be added to a column that is there; the server says so.
    expect(of(table("id integer GENERATED ALWAYS AS (s.f()) STORED"))?.bare).toBe(bare);
  });

  it("is made nowhere among functions that run as an extension's owner", () => {
    expect(of(table("a text"), true, "kept")).toBeNull();
  });

  it.each([
    ["below its own", table("a text", "", "s.own")],
    ["below what is no name", table("a text", "", "x.streets, s.f()")],
    [
      "said to be so in a literal only",
      `CREATE TABLE s.t (\n    a text DEFAULT '\nINHERITS (x.streets)'\n);\n`,
    ],
    ["said to be so in a name only", `CREATE TABLE s.t (\n    "b\nINHERITS (x.streets);" text\n);\n`],
    ["parted", table("a integer").replace("\nINH", "\nPARTITION BY RANGE (a)\nINH")],
    ["not read to its end", "CREATE TABLE s.t (a text\nINHERITS (x.streets);"],
    ["a table of a query", "CREATE TABLE s.t AS SELECT s.f() INHERITS (x.streets);"],
  ])("is none when it is %s", (_, defn) => {
    expect(of(defn)).toBeNull();
  });

  it("gives the administrator nothing but names, whatever literals hold", () => {
    const tricky = table(`a text DEFAULT '\\', b text DEFAULT ');select s.f();--'`);
    expect(of(tricky)?.bare ?? bare).toBe(bare);
    expect(of(tricky, false)?.bare ?? bare).toBe(bare);
  });
});
