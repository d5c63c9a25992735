import type { DumpDamage } from "../damage.ts";

/** A damage of the schema as if pg_dump itself had it so: every digest of the archive agrees with it. */
export function dumped(name: string, title: string, ...statements: readonly string[]): DumpDamage {
  return { name, title, statements, family: "schema", expected: "refuted", archive: "clone" };
}
