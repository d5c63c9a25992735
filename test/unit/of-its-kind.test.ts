/** What the administrator may run of an archive, and what it may name for him, is said in pg_dump's words alone. */
import { describe, expect, it } from "vitest";
import { isOfItsKind, namedByDrop } from "../../src/postgres/load/statements/of-its-kind.ts";

const is = (desc: string, tag: string, defn: string, namespace = "s"): boolean =>
  isOfItsKind({ desc, namespace, tag, defn, dropStmt: `DROP ${desc} s.f();\n` }, true);
const named = (desc: string, tag: string, dropStmt: string): string | null =>
  namedByDrop({ desc, namespace: "s", tag, dropStmt });

describe("the text of an entry", () => {
  it.each([
    [
      "ACL",
      "TABLE t",
      'GRANT SELECT,UPDATE("a b") ON TABLE s.t TO "x; y";\nREVOKE ALL ON TABLE s.t FROM PUBLIC;\n',
    ],
    [
      "ACL",
      "TABLE t",
      "SET SESSION AUTHORIZATION a;\nGRANT ALL ON TABLE s.t TO b WITH GRANT OPTION;\nRESET SESSION AUTHORIZATION;\n",
    ],
    ["ACL", "COLUMN t.c", "REVOKE GRANT OPTION FOR INSERT(c) ON TABLE s.t FROM a;"],
    ["DEFAULT ACL", "x", "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT ALL ON TABLES  TO b;"],
    ["COMMENT", "x", "COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'a; b';"],
    ["COMMENT", "x", "COMMENT ON MATERIALIZED VIEW s.v IS E'a\\'; b';"],
    ["SECURITY LABEL", "x", `SECURITY LABEL FOR "a b" ON TABLE s.t IS 'x';`],
    ["FUNCTION", "f()", "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE c\n    AS $$;$$;"],
    [
      "FUNCTION",
      "f()",
      "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE c\n    AS 'x';\n\nALTER FUNCTION s.f() DEPENDS ON EXTENSION \"a b\";\n",
    ],
    ["AGGREGATE", "a(integer)", 'CREATE AGGREGATE "s".a(integer) (\n    SFUNC = x);'],
    ["TYPE", 'od"d', 'CREATE TYPE s."od""d" (\n    INTERNALLENGTH = 4\n);'],
    [
      "OPERATOR FAMILY",
      "f",
      "CREATE OPERATOR FAMILY s.f USING btree;\nALTER OPERATOR FAMILY s.f USING btree ADD\n    FUNCTION 1 (a, b) c();\n",
    ],
    [
      "OPERATOR CLASS",
      "c",
      "CREATE OPERATOR CLASS s.c\n    DEFAULT FOR TYPE s.t USING btree AS\n    STORAGE x;",
    ],
    ["PROCEDURAL LANGUAGE", "l", "CREATE OR REPLACE PROCEDURAL LANGUAGE l;"],
    ["FOREIGN DATA WRAPPER", "w", "CREATE FOREIGN DATA WRAPPER w;"],
    [
      "FOREIGN TABLE",
      "t",
      "CREATE FOREIGN TABLE s.t (\n    a integer\n)\nSERVER x;\nALTER FOREIGN TABLE ONLY s.t ALTER COLUMN a OPTIONS (\n    x 'y'\n);",
    ],
    ["PUBLICATION TABLE", "p t", 'ALTER PUBLICATION "a b" ADD TABLE ONLY s.t;'],
    [
      "EVENT TRIGGER",
      "e",
      "CREATE EVENT TRIGGER e ON sql_drop\n   EXECUTE FUNCTION s.f();\n\nALTER EVENT TRIGGER e ENABLE ALWAYS;\n",
    ],
  ])("%s %s may be as pg_dump writes it", (desc, tag, defn) => {
    expect(is(desc, tag, defn)).toBe(true);
  });

  it.each([
    ["ACL", "GRANT ALL ON DATABASE d TO a;"],
    ["ACL", "GRANT ALL ON database d TO a;"],
    ["ACL", "GRANT ALL ON  DATABASE d TO a;"],
    ["ACL", "GRANT ALL ON\nDATABASE d TO a;"],
    ["ACL", "GRANT ALL ON--\n DATABASE d TO a;"],
    ["ACL", "GRANT ALL ON DATABASE d TO a ON TABLE x;"],
    ["ACL", "GRANT ALTER SYSTEM, SET ON parameter archive_command TO a;"],
    ["ACL", "GRANT CREATE ON tablespace pg_default TO a;"],
    ["ACL", "GRANT a TO b;"],
    ["ACL", 'GRANT "x ON TABLE s.t" TO b;'],
    ["ACL", "GRANT SELECT ON ALL TABLES IN SCHEMA s TO a;"],
    ["ACL", 'GRANT SELECT ON TABLE s.t TO "; create role b; --";\nGRANT "; --"'],
    ["DEFAULT ACL", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO a;"],
    ["COMMENT", "COMMENT ON role a IS 'x';"],
    ["COMMENT", "COMMENT ON DATABASE a IS 'x';"],
    ["COMMENT", "COMMENT ON TABLE s.t IS 'x' /* */;"],
    ["SECURITY LABEL", "SECURITY LABEL ON role a IS 'x';"],
    ["FUNCTION", "CREATE FUNCTION s.f() AS 'x'; ALTER FUNCTION s.g() DEPENDS ON EXTENSION x;"],
    ["FUNCTION", "CREATE FUNCTION s.f() AS 'x'; ALTER FUNCTION s.f() OWNER TO x;"],
    ["FUNCTION", "CREATE FUNCTION s.f() AS 'x'; CREATE FUNCTION s.g() AS 'x';"],
    ["FUNCTION", "CREATE OR REPLACE FUNCTION s.f() RETURNS integer LANGUAGE c AS 'x';"],
    ["FUNCTION", "CREATE FUNCTION pg_catalog.f() RETURNS integer LANGUAGE c AS 'x';"],
    ["FUNCTION", "CREATE FUNCTION S.f() RETURNS integer LANGUAGE c AS 'x';"],
    ["ACL", "SET SESSION AUTHORIZATION a;\nGRANT ALL ON TABLE s.t TO b;"],
    ["FOREIGN TABLE", "ALTER FOREIGN TABLE s.x ALTER COLUMN c TYPE s.d;"],
    ["OPERATOR FAMILY", "ALTER OPERATOR FAMILY s.x USING btree ADD FUNCTION 1 (a, b) s.f();"],
    [
      "OPERATOR FAMILY",
      "CREATE OPERATOR FAMILY s.x USING brin; ALTER OPERATOR FAMILY s.x USING btree ADD FUNCTION 1 (a, b) s.f();",
    ],
    ["EVENT TRIGGER", "ALTER EVENT TRIGGER x DISABLE;"],
    ["SERVER", "CREATE SERVER IF NOT EXISTS x FOREIGN DATA WRAPPER w;"],
    ["PROCEDURAL LANGUAGE", "CREATE OR REPLACE PROCEDURAL LANGUAGE x HANDLER s.f;"],
    ["EVENT TRIGGER", "ALTER EVENT TRIGGER x OWNER TO a;"],
    ["PUBLICATION", "CREATE PUBLICATION y;"],
    ["NOVELTY", "CREATE NOVELTY x;"],
  ])("%s may not be %s", (desc, defn) => {
    expect(is(desc, "x", defn)).toBe(false);
  });

  it("makes nothing in the system's schemas", () => {
    const defn = "CREATE FUNCTION pg_catalog.f() RETURNS integer LANGUAGE c AS 'x';";
    expect(is("FUNCTION", "f()", defn, "pg_catalog")).toBe(false);
  });
});

describe("what is named by the statement that would drop it", () => {
  it.each([
    ["FUNCTION", "f", 'FUNCTION s.f(a integer, VARIADIC "b)(" s.d[], OUT c "char")'],
    ["AGGREGATE", "a", "AGGREGATE s.a(double precision ORDER BY anyelement)"],
    ["AGGREGATE", "a", "AGGREGATE s.a(*)"],
    ["OPERATOR", "+", "OPERATOR s.+ (integer, NONE)"],
    ["OPERATOR CLASS", "c", "OPERATOR CLASS s.c USING btree"],
  ])("is an object of its kind: %s %s", (desc, tag, object) => {
    expect(named(desc, tag, `DROP ${object};\n`)).toBe(object);
  });

  it.each([
    ["FUNCTION", "DROP FUNCTION s.f() OWNER TO current_user --;"],
    ["FUNCTION", "DROP FUNCTION s.f(a integer --\n);"],
    ["FUNCTION", "DROP FUNCTION s.f(), pg_catalog.g();"],
    ["FUNCTION", "DROP FUNCTION s.f(); create role x;"],
    ["FUNCTION", "DROP FUNCTION pg_catalog.lo_export(oid, text);"],
    ["FUNCTION", 'DROP FUNCTION s.f("a" integer) "; --";'],
    ["FUNCTION", "DROP PROCEDURE s.f();"],
    ["OPERATOR", "DROP OPERATOR s.+-- (integer, integer);"],
    ["OPERATOR CLASS", "DROP OPERATOR CLASS s.other USING btree;"],
    ["TABLE", "DROP TABLE s.x;"],
  ])("is nothing else: %s by %s", (desc, dropStmt) => {
    expect(named(desc, "x", dropStmt)).toBeNull();
  });

  it("is read in time whatever it says", () => {
    const began = performance.now();
    expect(named("FUNCTION", "x", `DROP FUNCTION s.f(${'"a"'.repeat(5_000)}!);`)).toBeNull();
    expect(is("ACL", "x", `GRANT ${"SELECT(a),".repeat(5_000)} ON ROLE x TO y;`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
