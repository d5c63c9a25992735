/** Versions of columns, which a pg_dump older than its server writes down, are taken out of an archive and nothing else is. */
import { describe, expect, it } from "vitest";
import { withoutColumnVersions } from "../../src/postgres/load/statements/column-versions.ts";
import { tocEntry } from "../support/toc-entries.ts";

const without = (defn: string): string =>
  withoutColumnVersions([tocEntry(1, "TABLE", [], defn)]).map((one) => one.defn)[0] ?? "";

describe("versions of columns", () => {
  it("go with the statement that says nothing else, and out of one that has options beside them", () => {
    const table = "CREATE TABLE public.t (\n    a integer,\n    \"b;\" text DEFAULT ';'::text\n);\n";
    expect(
      without(
        `${table}ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=255445456, n_distinct=-0.5);\n` +
          'ALTER TABLE ONLY public.t ALTER COLUMN "b;" SET STATISTICS 7;\n' +
          'ALTER TABLE ONLY public.t ALTER COLUMN "b;" SET (pg_attver=1);\n' +
          "ALTER FOREIGN TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=1, pg_attver=2);\n",
      ),
    ).toBe(
      `${table}ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=-0.5);\n` +
        'ALTER TABLE ONLY public.t ALTER COLUMN "b;" SET STATISTICS 7;\n' +
        "ALTER FOREIGN TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=1);\n",
    );
  });

  it.each([
    "CREATE TABLE public.t (a text DEFAULT '\nALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=1);\n'::text);",
    "ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT ('SET (pg_attver=1, '::text || 'x'::text);",
    'ALTER TABLE ONLY public."SET (pg_attver=1)" ALTER COLUMN "SET (pg_attver=1)" SET (n_distinct=1);',
    "ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=x);",
    "ALTER INDEX public.i SET (pg_attver=1);",
  ])("are left where they are a tenant's own words: %s", (defn) => {
    expect(without(defn)).toBe(defn);
  });
});
