/** What a dump could leave out of the schema or get wrong about it, in the tenant of `tenant.ts`. */
import type { DumpDamage } from "../damage.ts";
import { codeDamages } from "./code-damages.ts";
import { constraintDamages } from "./constraint-damages.ts";
import { dumpedFor } from "./dumped.ts";
import { kindDamages } from "./kind-damages.ts";
import { remarkDamages } from "./remark-damages.ts";
import { rightsDamages } from "./rights-damages.ts";
import { shapeDamages } from "./shape-damages.ts";

/** As if the archive were another one than was dumped. */
function onTheWay(name: string, title: string, ...statements: readonly string[]): DumpDamage {
  return { ...dumpedFor("archive")(name, title, ...statements), archive: "original" };
}

const changedOnTheWay: readonly DumpDamage[] = [
  onTheWay(
    "archive-lost-an-index",
    "the archive lost an index after it was dumped",
    "drop index ledger.entry_account",
  ),
  onTheWay(
    "archive-with-another-policy",
    "the archive has another policy than was dumped",
    "alter policy by_tier on sales.customer using (true)",
  ),
  onTheWay(
    "archive-with-another-comment",
    "the archive has another comment than was dumped",
    "comment on table sales.invoice is 'what customers owe!'",
  ),
  onTheWay(
    "archive-with-another-password",
    "the archive has another password of a user mapping than was dumped",
    "alter user mapping for challenge_reader server far_server options (set password 'other')",
  ),
];

export const schemaDamages: readonly DumpDamage[] = [
  ...constraintDamages,
  ...codeDamages,
  ...rightsDamages,
  ...shapeDamages,
  ...kindDamages,
  ...remarkDamages,
  ...changedOnTheWay,
];
