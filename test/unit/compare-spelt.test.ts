/** A definition that the server spells anew is told from one that is another by what stands in its own object's place of the archive. */
import { describe, expect, it } from "vitest";
import type { Definition } from "../../src/model/fingerprint.ts";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { hasSameWords } from "../../src/postgres/compare/same-words.ts";
import type { Incomparable } from "../../src/postgres/compare/comparable.ts";
import { compareDefinitions } from "../../src/postgres/compare/definitions.ts";
import { NamedEntries } from "../../src/postgres/compare/named-entries.ts";
import { isSpelt as isSpeltIn } from "../../src/postgres/compare/spelt.ts";

const isSpelt = (one: Definition, entries: readonly TocEntry[]): boolean =>
  isSpeltIn(one, new NamedEntries(entries));

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
    isPartitioned: false,
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

  it("is looked for in the object's own entries", () => {
    const elsewhere = [entry("t2", table.defn), entry("t", table.defn, "other")];
    const check = definition("constraint", "positive", "CHECK ((a > 0))");
    expect(isSpelt(check, elsewhere)).toBe(false);
    expect(isSpelt({ ...check, inherited: true }, elsewhere)).toBe(false);
  });

  describe("and may be inherited", () => {
    const root = { ...entry("root", table.defn), dumpId: 10 };
    const mid = { ...entry("mid", "CREATE TABLE app.mid (\n    m integer\n)\nINHERITS (app.root);\n") };
    const heir = {
      ...entry("t", "CREATE TABLE app.t (\n    k integer DEFAULT 1\n)\nINHERITS (app.mid);\n"),
      dumpId: 12,
      dependencies: [11],
    };
    const family = [root, { ...mid, dumpId: 11, dependencies: [10] }, heir];
    const check = definition("constraint", "positive", "CHECK ((a > 0))", { inherited: true });

    it("is found in an ancestor", () => {
      expect(isSpelt(check, family)).toBe(true);
      expect(isSpelt(definition("generated", "g", "(a + 1)", { inherited: true }), family)).toBe(true);
      expect(isSpelt({ ...check, inherited: false }, family)).toBe(false);
    });

    it("is not found in an ancestor when the heir has another of its own", () => {
      const own = (defn: string): TocEntry[] => [root, { ...heir, defn, dependencies: [10] }];
      const another = own(
        "CREATE TABLE app.t (\n    c integer DEFAULT 8,\n    CONSTRAINT positive CHECK (true)\n);\n",
      );
      expect(isSpelt(check, another)).toBe(false);
      const seven = definition("default", "c", "7", { inherited: true });
      expect(isSpelt(seven, another)).toBe(false);
      expect(isSpelt({ ...seven, text: "8" }, another)).toBe(true);
    });
  });

  it("is not found in another policy, or another table of a publication, that says the same", () => {
    const select = entry("t sel", "CREATE POLICY sel ON app.t FOR SELECT USING ((a > 1));\n");
    const update = (expression: string): TocEntry =>
      entry(
        "t upd",
        `CREATE POLICY upd ON app.t FOR UPDATE USING (${expression}) WITH CHECK (${expression});\n`,
      );
    for (const kind of ["policy", "policy check"]) {
      expect(isSpelt(definition(kind, "upd", "(a > 1)"), [select, update("true")])).toBe(false);
      expect(isSpelt(definition(kind, "upd", "(a > 1)"), [select, update("(a > 1)")])).toBe(true);
    }
    const filtered = (table: string, expression: string): TocEntry =>
      entry(`pub ${table}`, `ALTER PUBLICATION pub ADD TABLE ONLY app.${table} WHERE (${expression});\n`);
    const filter = definition("publication filter", "u", "(a > 1)", { name: "pub" });
    expect(isSpelt(filter, [filtered("t", "(a > 1)"), filtered("u", "(a > 100)")])).toBe(false);
    expect(isSpelt(filter, [filtered("t", "(a > 100)"), filtered("u", "(a > 1)")])).toBe(true);
  });

  it("is not found in a view or a rule that goes on", () => {
    const body = " SELECT u.id\n   FROM app.u";
    const view = (end: string): TocEntry => entry("t", `CREATE VIEW app.t AS\n${body}${end}`);
    const seen = definition("view", "", `${body};`);
    expect(isSpelt(seen, [view("\n  WHERE u.active;\n")])).toBe(false);
    expect(isSpelt(seen, [view("\n LIMIT 1;\n")])).toBe(false);
    for (const end of [";\n", "\n  WITH NO DATA;\n", "\n  WITH LOCAL CHECK OPTION;\n"])
      expect(isSpelt(seen, [view(end)])).toBe(true);
    const text = "CREATE RULE r AS\n    ON UPDATE TO app.t DO INSTEAD  DELETE FROM app.u";
    const rule = definition("rule", "r", `${text};`);
    expect(isSpelt(rule, [entry("t r", `${text}\n  WHERE (u.id = old.id);\n`)])).toBe(false);
    expect(isSpelt(rule, [entry("t r", `${text};\n`)])).toBe(true);
  });

  it("is not found in a function of the same name with other arguments", () => {
    const overload = (list: string, body: string): TocEntry =>
      entry(
        `t(${list})`,
        `CREATE FUNCTION app.t(${list}) RETURNS integer\n    LANGUAGE sql\n    RETURN ${body};\n`,
      );
    const one = definition("body", "a integer", "RETURN (a + 1)");
    const other = overload("a bigint", "(a + 1)");
    const longer = overload("a integer DEFAULT 5, b text DEFAULT ', x)'::text", "(a + 1)");
    expect(isSpelt(one, [overload("a integer", "(a + 2)"), other, longer])).toBe(false);
    expect(isSpelt(one, [overload("a integer DEFAULT f(1, ')'::text)", "(a + 1)"), other])).toBe(true);
    expect(isSpelt({ ...one, part: "a integer, b text" }, [longer])).toBe(true);
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

describe("what the server spells anew", () => {
  it.each([
    [
      "((s)::text = ANY ((ARRAY['a'::character varying, 'b::c'::character varying(3)])::text[]))",
      "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b::c'::character varying(3))::text]))",
    ],
    ["(t > (now())::timestamp(3) without time zone)", "((t)::timestamp without time zone > now())"],
    ["(a > (- 1))", "(a > '-1'::integer)"],
    [`(x = ('1 day'::interval day to second(3)))`, `(x = '1 day'::pg_catalog."interval"[])`],
    ["EXTRACT(YEAR FROM a)", "EXTRACT(year FROM a)"],
    [" SELECT NULL::integer\n   FROM t", " SELECT NULL::integer AS int4\n   FROM t"],
    ["NULL::varchar, '{}'::numeric(4,1)[]", `NULL::varchar AS "varchar", '{}'::numeric(4,1)[] AS "numeric"`],
    [`'-1'::integer, 'x'::a."T ""t"`, `'-1'::integer AS int4, 'x'::a."T ""t" AS "T ""t"`],
    ["'12:00'::time(3) without time zone", `'12:00'::time(3) without time zone AS "time"`],
    ["( SELECT ( SELECT '-1'::integer))", "( SELECT ( SELECT '-1'::integer AS int4) AS int4)"],
    [`('x'::text COLLATE "C"), 'y'::text`, `('x'::text COLLATE "C") AS text, 'y'::text AS text`],
    ["NULL::text AS text, NULL::text", "NULL::text AS text, NULL::text AS text"],
  ])("has the same words: %s", (one, other) => {
    expect(hasSameWords(one, other)).toBe(true);
  });

  it.each([
    ["(tenant = 1)", "true"],
    ["(tenant = 1)", "(tenant = 2)"],
    ["(a > 0)", "(a >= 0)"],
    [`("A" > 'x')`, `("a" > 'x')`],
    ["(a = 'X')", "(a = 'x')"],
    ["('x::text'::text = a)", "('x'::text = a)"],
    ["NULL::integer", "NULL::integer AS other"],
    ["NULL::integer", "NULL::integer AS int8"],
    ["NULL::integer AS int4", "NULL::integer"],
    ["NULL::integer AS int4, b", "NULL::integer AS int4, c"],
    ["a", "a AS int4"],
    ["(a + b)", "(a + b) AS int4"],
    ["'::integer'", "'::integer AS int4'"],
    [" SELECT u.active\n   FROM app.u;", " SELECT u.active\n   FROM app.u\n  WHERE u.active;"],
  ])("is another one with others: %s", (one, other) => {
    expect(hasSameWords(one, other)).toBe(false);
  });
});

describe("a name of nothing but quotes", () => {
  // Read in every way there is, the one of 25 quotes would take seconds, and each quote more twice as long.
  const quoted = `"${'""'.repeat(25)}"`;

  it.each([
    ["of a policy's table", "policy", `CREATE POLICY p ON app.${quoted} USING ((a = 1));\n`, `t p`],
    ["of a function", "arguments", `CREATE FUNCTION app.${quoted};\n`, "t("],
  ])("%s is read in one way alone", (_what, kind, defn, tag) => {
    const begunMs = performance.now();
    expect(isSpelt(definition(kind, "p", "(a = 2)"), [entry(tag, defn)])).toBe(false);
    expect(performance.now() - begunMs).toBeLessThan(500);
  });
});

const comparable: Incomparable = {
  census: null,
  definitions: null,
  roles: null,
  database: null,
  extensions: null,
  archiveText: null,
};

describe("an archive of many tables", () => {
  it.each([
    ["each with a check of its own", false],
    ["whose checks come from one above", true],
  ])("%s is looked through a few times, and not once for each definition", (_what, inherited) => {
    const text = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying])::text[])))";
    const anew = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text])))";
    const made = (name: string): string => `CREATE TABLE app.${name} (\n    CONSTRAINT c ${text}\n);\n`;
    let looked = 0;
    const counted = (one: TocEntry): TocEntry =>
      Object.defineProperty({ ...one }, "tag", {
        get: () => {
          looked += 1;
          return one.tag;
        },
      });
    const names = Array.from({ length: 300 }, (_, number) => `t${String(number)}`);
    const root = { ...entry("root", made("root")), dumpId: 1000 };
    const leaf = (name: string): string => (inherited ? `CREATE TABLE app.${name} ();\n` : made(name));
    const tables = names.map((name, number) => ({
      ...entry(name, leaf(name)),
      dumpId: number,
      dependencies: [1000],
    }));
    const definitions = names.map((name) => definition("constraint", "c", text, { name, inherited }));
    const here = definitions.map((one) => ({ ...one, text: anew }));
    const differences = compareDefinitions(
      "constraints",
      { definitions, roles: [], extensions: [] },
      {
        definitions: { definitions: here, entries: [root, ...tables].map(counted) },
        incomparable: comparable,
      },
    );
    expect(differences).toMatchObject({ compared: 300, findings: [] });
    expect(looked).toBeLessThan(20 * names.length);
  });
});
