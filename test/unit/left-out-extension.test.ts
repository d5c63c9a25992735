/** Only the statement that an object depends on an extension which the plan leaves out is taken from an archive. */
import { describe, expect, it } from "vitest";
import { ofLeftOutExtension, withoutDependence } from "../../src/postgres/load/extensions/left-out.ts";
import { tocEntry } from "../support/toc-entries.ts";

const extension = (name: string, leftOut: boolean) => ({ name, version: "1", schema: "s", leftOut });
const extensions = [extension("gone ext", true), extension("kept", false)];

const without = (defn: string): string =>
  withoutDependence([tocEntry(1, "FUNCTION", [], defn)], { extensions }).entries[0]?.defn ?? "";

describe("the dependence on an extension that is left out", () => {
  it("goes, and that on another stays", () => {
    const made =
      "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\nEND;\n\n\n";
    const kept = "ALTER FUNCTION s.f() DEPENDS ON EXTENSION kept;\n\n\n";
    expect(
      without(`${made}ALTER FUNCTION s.f() DEPENDS ON EXTENSION "gone ext";\n\n\n${kept}`).replaceAll(
        /\n+/g,
        "\n",
      ),
    ).toBe(`${made}${kept}`.replaceAll(/\n+/g, "\n"));
  });

  it.each([
    `CREATE FUNCTION s.f() RETURNS text\n    LANGUAGE sql\n    AS $$;ALTER FUNCTION s.f() DEPENDS ON EXTENSION "gone ext";$$;\n`,
    `CREATE TABLE s.t (a text DEFAULT ';\nALTER INDEX s.i DEPENDS ON EXTENSION "gone ext";'::text);\n`,
    `CREATE TABLE s.t (";ALTER INDEX s.i DEPENDS ON EXTENSION ""gone ext"";" text);\n`,
    `ALTER FUNCTION s.f() DEPENDS ON EXTENSION "gone ext" CASCADE;\n`,
  ])("is not looked for in a tenant's own words: %s", (defn) => {
    expect(without(defn)).toBe(defn);
  });
});

describe("privileges on a member of such an extension", () => {
  const definitions = [
    {
      kind: "privileges in extension gone ext",
      schema: "s",
      name: "f",
      part: "integer",
      text: "-public:EXECUTE",
    },
    { kind: "privileges in extension kept", schema: "s", name: "g", part: "", text: "-public:EXECUTE" },
  ];
  const acl = (tag: string, dependencies: readonly number[]) => ({
    ...tocEntry(2, "ACL", dependencies),
    tag,
  });
  const isLeftOut = ofLeftOutExtension([tocEntry(1, "FUNCTION")], { extensions, definitions });

  it("are left out, and those of others and of the tenant's own functions are not", () => {
    expect(isLeftOut(acl("FUNCTION f(integer)", [7]))).toBe(true);
    expect(isLeftOut(acl("FUNCTION f(integer)", [1]))).toBe(false);
    expect(isLeftOut(acl("FUNCTION g()", [7]))).toBe(false);
    expect(isLeftOut({ ...acl("FUNCTION f(integer)", [7]), namespace: "other" })).toBe(false);
  });
});
