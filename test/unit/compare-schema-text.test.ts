/** What differs between two schema texts is told in a few lines, without secrets, and soon, however long they are. */
import { describe, expect, it } from "vitest";
import { differencesOfText } from "../../src/postgres/compare/schema-text.ts";

const tables = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `CREATE TABLE app.t${String(from + at)} ();`).join("\n");

function told(loaded: string, empty: string): string | undefined {
  return differencesOfText(Buffer.from(loaded), Buffer.from(empty))[0]?.difference;
}

describe("two schema texts", () => {
  it("are told apart by what only one of them has", () => {
    expect(told("a\nb\nd", "a\nc\nd")).toBe("- c\n+ b");
    expect(told("a\nb", "b\na")).toBe("the same lines in another order");
  });

  it("are told apart by the first ten such lines of each", () => {
    const difference = told(tables(0, 20), tables(10, 40));
    expect(difference?.match(/^- /gm)).toHaveLength(10);
    expect(difference?.match(/^\+ /gm)).toHaveLength(10);
  });

  it("are told apart without what is secret", () => {
    const mapping = "CREATE USER MAPPING FOR a SERVER s OPTIONS (\n    password 'canary'\n);";
    const subscription = "CREATE SUBSCRIPTION s CONNECTION 'password=canary' PUBLICATION p;";
    const difference = told(`${mapping}\n${subscription}`, "");
    expect(difference).toContain("(an option of a user mapping, or a connection)");
    expect(difference).not.toContain("canary");
  });

  it("are told apart without what is secret behind a tenant's own words", () => {
    const words = "CREATE USER MAPPING FOR x '";
    const mapping = `CREATE USER MAPPING FOR a SERVER s OPTIONS (\n    a 'b;c',\n    password 'canary'\n);`;
    expect(told(`${words}\n${mapping}\nafter`, "")).not.toContain("canary");
    expect(told(`${mapping}\nafter`, "")).toContain("+ after");
  });

  it("whose statements never end are told apart at once", () => {
    const begunMs = performance.now();
    expect(told("CREATE USER MAPPING FOR a\n".repeat(8_000), "")).toBe(
      "+ (an option of a user mapping, or a connection)",
    );
    expect(performance.now() - begunMs).toBeLessThan(1_000);
  });

  it("of many thousand lines are told apart at once", () => {
    const begunMs = performance.now();
    expect(told(tables(0, 6_000), tables(1, 6_001))).toBe(
      "- CREATE TABLE app.t6000 ();\n+ CREATE TABLE app.t0 ();",
    );
    expect(performance.now() - begunMs).toBeLessThan(1_000);
  });
});
