/** What of a function only a superuser may say is taken out of its head, and of nothing else. */
import { expect, it } from "vitest";
import { functionInParts } from "../../src/postgres/load/statements/function-in-parts.ts";

const behind = {
  standardStrings: true,
  languages: new Map([
    ["c", { mighty: true }],
    ["sql", { mighty: false }],
  ]),
  mightySettings: new Set(["log_statement"]),
  wrappersInC: true,
  extensionTables: new Set<string>(),
  keptSchemas: new Set<string>(),
};

function partsOf(defn: string, dropStmt = "DROP FUNCTION s.f();\n"): unknown {
  return functionInParts({ desc: "FUNCTION", namespace: "s", tag: "f()", defn, dropStmt }, behind);
}

const head = "CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql";

it("a body of SQL stays with the function, what hides nothing and how it is planned and set is said of it", () => {
  const body = "\n    SET search_path TO 's'\n    BEGIN ATOMIC\n SELECT s.g() AS \"LEAKPROOF\";\nEND;\n";
  const defn = `${head} IMMUTABLE LEAKPROOF COST 5 SUPPORT pg_catalog.like_support PARALLEL SAFE\n    SET log_statement TO 'none'${body}`;
  expect(partsOf(defn)).toEqual({
    loaders: `${head} IMMUTABLE COST 5 PARALLEL SAFE${body}`,
    object: "FUNCTION s.f()",
    said: ["LEAKPROOF", "SUPPORT pg_catalog.like_support", "SET log_statement TO 'none'"],
  });
});

it.each([
  ["nothing of the kind", `${head}\n    AS $$LEAKPROOF$$;`],
  [
    "it in a name or a default",
    `CREATE FUNCTION s.f("\n    LANGUAGE sql LEAKPROOF" text DEFAULT 'LEAKPROOF')\n    LANGUAGE sql\n    AS 'x';`,
  ],
  ["it in its body", `${head}\n    BEGIN ATOMIC\n SELECT 1;\n    LANGUAGE sql LEAKPROOF;\nEND;\n`],
  [
    "it in a language that only a superuser may use",
    "CREATE FUNCTION s.f()\n    LANGUAGE c LEAKPROOF\n    AS 'x';",
  ],
  ["a setting that is more than a value", `${head}\n    SET log_statement TO 'x' LEAKPROOF\n    AS 'x';`],
])("is one whole with %s", (_, defn) => {
  expect(partsOf(defn)).toBeNull();
});

it("is not taken apart where another is named to be dropped", () => {
  expect(partsOf(`${head} LEAKPROOF\n    AS 'x';`, "DROP FUNCTION s.f() OWNER TO x; --")).toBeNull();
});
