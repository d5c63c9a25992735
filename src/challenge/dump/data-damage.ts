import type { CheckName } from "../../model/check.ts";
import type { DumpDamage } from "../damage.ts";

/** A damage of rows or large objects as if the dump had read them so. */
export function data(
  name: string,
  title: string,
  statements: readonly string[],
  seenBy: CheckName = "tables",
): DumpDamage {
  return { name, title, statements, seenBy: [seenBy], family: "data", expected: "refuted", archive: "clone" };
}
