import type { CheckName } from "../../model/check.ts";
import type { LoadDamage } from "../damage.ts";

/** What is done to a database behind the back of the load that made it. */
export function altered(
  family: LoadDamage["family"],
  seenBy: CheckName,
  [name, title]: readonly [string, string],
  ...statements: readonly string[]
): LoadDamage {
  return { name, title, family, seenBy: [seenBy], expected: "refuted", altered: statements };
}
