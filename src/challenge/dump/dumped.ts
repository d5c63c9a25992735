import type { CheckName } from "../../model/check.ts";
import type { DumpDamage } from "../damage.ts";

type Dumped = (name: string, title: string, ...statements: readonly string[]) => DumpDamage;

/** Damages of the schema as if pg_dump itself had it so: every digest of the archive agrees with it. */
export function dumpedFor(check: CheckName): Dumped {
  return (name, title, ...statements) => ({
    name,
    title,
    statements,
    family: "schema",
    expected: "refuted",
    seenBy: [check],
    archive: "clone",
  });
}
