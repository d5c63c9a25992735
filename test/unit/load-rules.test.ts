/** The small rules of a load: what the administrator may run, how stored settings are written, which errors end it. */
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { adminMay } from "../../src/postgres/load/statements/admin-may.ts";
import { bareSql } from "../../src/postgres/load/statements/bare-sql.ts";
import { kindOf } from "../../src/postgres/load/kinds.ts";
import { refusalOf } from "../../src/postgres/load/report.ts";
import { scramVerifier } from "../../src/postgres/load/rights/scram.ts";
import { settingClause } from "../../src/postgres/load/settings.ts";

const serverError = (code: string): Failure => {
  const cause = new DatabaseError("row (secret) is bad", 0, "error");
  cause.code = code;
  return new Failure("load/failed", "statement", { cause });
};

describe("who runs an entry", () => {
  it("never lets the administrator run what evaluates a tenant's expression", () => {
    const kinds = ["TABLE ATTACH", "INDEX", "CONSTRAINT", "FK CONSTRAINT", "TRIGGER", "CONVERSION", "VIEW"];
    const runners = kinds.map((desc) => kindOf({ desc, tag: "t", section: "pre-data" }).runner);
    expect(new Set(runners)).toEqual(new Set(["loader"]));
  });

  it("gives a kind it has never heard of to the loader", () => {
    expect(kindOf({ desc: "NOVELTY", tag: "t", section: "post-data" })).toEqual({
      stage: "post",
      runner: "loader",
    });
  });

  describe("that only the administrator may create", () => {
    const behind = {
      standardStrings: true,
      languages: new Map([
        ["c", { mighty: true }],
        ["sql", { mighty: false }],
        ["plpgsql", { mighty: false }],
      ]),
      mightySettings: new Set(["log_statement"]),
      wrappersInC: true,
      extensionTables: new Set(["x.streets"]),
      keptSchemas: new Set<string>(),
    };
    const may = (desc: string, defn: string, more = {}): boolean =>
      adminMay({ desc, defn }, { ...behind, ...more });
    const inC = (header: string): string =>
      `CREATE FUNCTION ${header} RETURNS integer\n    LANGUAGE c\n    AS '$libdir/x', 'y';\n`;

    it("is its own if no literal of a tenant's type is in it", () => {
      expect(may("FUNCTION", inC("s.f(a integer)"))).toBe(true);
      expect(may("FUNCTION", inC(`s.f(a integer, b text DEFAULT 'x.y'::text, c numeric DEFAULT 1.5)`))).toBe(
        true,
      );
      expect(may("FUNCTION", inC("s.f(a s.d[] DEFAULT '{1}'::s.d[])"))).toBe(false);
      expect(may("FUNCTION", inC(`s.f(a "Odd".d DEFAULT 'x')`))).toBe(false);
    });

    it("is never a function in a language that everybody may use, however it says so", () => {
      const body =
        "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql\n    AS $$\n    LANGUAGE c\n$$;\n";
      expect(may("FUNCTION", body)).toBe(false);
      const atomic =
        "CREATE FUNCTION s.f() RETURNS s.d[]\n    LANGUAGE sql\nBEGIN ATOMIC\n SELECT '{1}';\nEND;\n";
      expect(may("FUNCTION", atomic)).toBe(false);
      const name = `CREATE FUNCTION s."f\n    LANGUAGE c"() RETURNS integer\n    LANGUAGE plpgsql\n    AS 'x';`;
      expect(may("FUNCTION", name)).toBe(false);
      expect(may("FUNCTION", inC("s.f()"), { languages: new Map() })).toBe(false);
    });

    it("is a function in C that goes with an extension, and nothing else behind it", () => {
      const behindIt = (more: string): string => `${inC("s.f(a integer)")}\n${more}\n`;
      expect(may("FUNCTION", behindIt("ALTER FUNCTION s.f(a integer) DEPENDS ON EXTENSION hstore;"))).toBe(
        true,
      );
      expect(may("FUNCTION", behindIt("ALTER FUNCTION s.f(a integer) OWNER TO a;"))).toBe(false);
    });

    it("is an aggregate with an internal state and no initial value, and a base type", () => {
      const aggregate = (state: string): string =>
        `CREATE AGGREGATE s.a(int) (\n    SFUNC = f,\n    ${state}\n);`;
      expect(may("AGGREGATE", aggregate("STYPE = internal"))).toBe(true);
      expect(may("AGGREGATE", aggregate("STYPE = s.d,\n    INITCOND = '0'"))).toBe(false);
      expect(may("AGGREGATE", aggregate("STYPE = internal,\n    MINITCOND = '0'"))).toBe(false);
      expect(may("TYPE", "CREATE TYPE s.r AS RANGE (\n    subtype = s.d\n);")).toBe(false);
      const base = "CREATE TYPE s.b (\n    INTERNALLENGTH = 16,\n    INPUT = s.i,\n    OUTPUT = s.o\n);";
      expect(may("TYPE", base)).toBe(true);
      expect(may("TYPE", `CREATE TYPE s."shell; of (";\n`)).toBe(true);
      expect(may("TYPE", "CREATE TYPE s.c AS (\n\ta s.d\n);")).toBe(false);
    });

    it("is no table", () => {
      expect(kindOf({ desc: "TABLE", tag: "t", section: "pre-data" }).runner).toBe("loader");
    });

    it("is a foreign table without expressions, as long as no wrapper is the tenant's own", () => {
      const plain = `CREATE FOREIGN TABLE s.t (\n    a integer,\n    "CHECK" text\n)\nSERVER x\nOPTIONS (\n    f 'DEFAULT'\n);`;
      expect(may("FOREIGN TABLE", plain)).toBe(true);
      expect(may("FOREIGN TABLE", plain, { wrappersInC: false })).toBe(false);
      expect(may("SERVER", "CREATE SERVER x FOREIGN DATA WRAPPER w;", { wrappersInC: false })).toBe(false);
      const checked = plain.replace("a integer", "a integer DEFAULT '1'::s.d");
      expect(may("FOREIGN TABLE", checked)).toBe(false);
      expect(
        may("FOREIGN TABLE", plain.replace("\nSERVER", "\nINHERITS (pg_catalog.pg_shdepend)\nSERVER")),
      ).toBe(false);
    });

    it.each([
      [true, `FOREIGN TABLE ONLY s.t ALTER COLUMN a SET STATISTICS 500`],
      [true, `TABLE ONLY s."T;" ALTER COLUMN "a b" SET (n_distinct=-0.5)`],
      [true, `FOREIGN TABLE ONLY s.t ALTER COLUMN a SET NOT NULL`],
      [true, `FOREIGN TABLE s.t ALTER COLUMN a OPTIONS (\n    x 'y)',\n    z E'a\\\\'\n)`],
      [false, `FOREIGN TABLE ONLY s.t ALTER COLUMN a TYPE s.d`],
      [false, `FOREIGN TABLE s.t ALTER COLUMN a SET NOT NULL`],
      [false, `FOREIGN TABLE ONLY s.t ALTER COLUMN a SET STATISTICS 1, ADD COLUMN x s.d`],
      [false, `FOREIGN TABLE ONLY s.t ALTER COLUMN a OPTIONS (x 'y'), ADD COLUMN x s.d OPTIONS (x 'y')`],
    ])("is, being %s, a foreign table with %s behind it", (isSo, change) => {
      const plain = "CREATE FOREIGN TABLE s.t (\n    a integer\n)\nSERVER x;\n";
      expect(may("FOREIGN TABLE", `${plain}ALTER ${change};\n`)).toBe(isSo);
    });

    it("is a publication's table if its filter names nothing of the tenant's", () => {
      const filtered = (by: string): string => `ALTER PUBLICATION p ADD TABLE ONLY s.t WHERE (${by});`;
      expect(may("PUBLICATION TABLE", filtered("(a > 1.5)"))).toBe(true);
      expect(may("PUBLICATION TABLE", filtered("(a = '{1}'::s.d[])"))).toBe(false);
    });

    it("is nothing whose text cannot be read for certain", () => {
      expect(bareSql("select 'open", true)).toBeNull();
      expect(bareSql("select $a$ x $b$", true)).toBeNull();
      expect(bareSql("select 1 /* x */", true)).toBeNull();
      expect(bareSql(String.raw`select 'a\' DEFAULT 'b'`, true)).toBe("select '' DEFAULT ''");
      expect(bareSql(String.raw`select 'a\' DEFAULT 'b`, false)).toBe("select ''b");
      expect(bareSql(String.raw`select E'a\' DEFAULT 'b`, true)).toBe("select ''b");
      expect(bareSql(`select a$b$c, "x""y.z".d, 12.5 -- DEFAULT`, true)).toBe('select a$b$c, "".d, 0 ');
    });

    it("has an end for a literal of any length", () => {
      expect(bareSql(`select '${"x".repeat(20_000_000)}'`, true)).toBe("select ''");
      expect(bareSql(`select '${"''".repeat(20_000_000)}'`, true)).toBeNull();
    });
  });

  it("takes what concerns the database itself from the fingerprint", () => {
    expect(kindOf({ desc: "ACL", tag: "DATABASE acme", section: "none" }).stage).toBe("own");
    expect(kindOf({ desc: "COMMENT", tag: "EVENT TRIGGER e", section: "none" }).stage).toBe("event-trigger");
  });
});

describe("stored settings", () => {
  it("are written as lists where they are lists, and as one value elsewhere", () => {
    expect(settingClause("search_path", '"$user", "My ""App""", public')).toBe(
      `"search_path" = '$user', 'My "App"', 'public'`,
    );
    expect(settingClause("app.tenant", "it's, fine")).toBe(`"app"."tenant" = 'it''s, fine'`);
    expect(settingClause("search_path", "")).toBe(`"search_path" = ''`);
  });
});

describe("a refusal", () => {
  it("blames the data for a violated constraint and the machine for a missing right", () => {
    expect(refusalOf(serverError("23505"))).toMatchObject({ kind: "data", sqlState: "23505" });
    expect(refusalOf(serverError("42501"))).toMatchObject({ kind: "machine" });
    expect(refusalOf(serverError("58P01"), "an extension's files")).toMatchObject({ kind: "machine" });
  });

  it("is not what a full disk, a lost server or a damaged object is", () => {
    for (const code of ["53100", "57P01", "58030", "58P01"])
      expect(() => refusalOf(serverError(code))).toThrow(Failure);
    expect(() => refusalOf(new Failure("store/corrupt", "x"))).toThrow("x");
  });
});

describe("the verifier of the temporary login's password", () => {
  it("equals the example of RFC 7677", () => {
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    const verifier = scramVerifier("pencil", salt);
    expect(verifier).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });
});
