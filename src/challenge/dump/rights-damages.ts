/** Privileges, owners and row security: missing, or giving more or less than they did. */
import type { DumpDamage } from "../damage.ts";
import { dumped } from "./dumped.ts";

export const rightsDamages: readonly DumpDamage[] = [
  dumped(
    "grant-lost",
    "a privilege on a table is missing",
    "revoke select on sales.invoice from challenge_reader",
  ),
  dumped("grant-widened", "everybody may read a table", "grant select on sales.invoice to public"),
  dumped(
    "grant-with-option",
    "whoever may read a table may let others read it",
    "grant select on sales.invoice to challenge_reader with grant option",
  ),
  dumped(
    "column-grant-lost",
    "a privilege on a column is missing",
    "revoke update (note) on sales.customer from challenge_reader",
  ),
  dumped(
    "schema-grant-lost",
    "a privilege on a schema is missing",
    "revoke usage on schema sales from challenge_reader",
  ),
  dumped(
    "function-open",
    "everybody may execute a function",
    "grant execute on function ledger.balance(int) to public",
  ),
  dumped(
    "extension-function-open",
    "everybody may execute a function of an extension again",
    "grant execute on function public.hstore_to_matrix(public.hstore) to public",
  ),
  dumped(
    "default-privileges-lost",
    "default privileges are missing",
    "alter default privileges for role challenge_owner in schema sales revoke select on tables from challenge_reader",
  ),
  dumped(
    "table-owner",
    "a table belongs to somebody else",
    "alter table sales.invoice owner to challenge_group",
  ),
  dumped(
    "function-owner",
    "a function that runs with its owner's rights belongs to somebody else",
    "alter function ledger.balance(int) owner to challenge_group",
  ),
  dumped("schema-owner", "a schema belongs to somebody else", "alter schema ledger owner to challenge_group"),
  dumped("policy-lost", "a policy is missing", "drop policy by_tier on sales.customer"),
  dumped(
    "policy-expression",
    "a policy shows other rows",
    "alter policy by_tier on sales.customer using (true)",
  ),
  dumped(
    "policy-of-two-alike",
    "one of two policies that said the same shows other rows",
    "alter policy by_tier_changed on sales.customer using (true)",
  ),
  dumped("policy-roles", "a policy is for everybody", "alter policy by_tier on sales.customer to public"),
  dumped(
    "row-security-off",
    "row security is switched off",
    "alter table sales.customer disable row level security",
  ),
  dumped(
    "row-security-not-forced",
    "row security does not bind the owner",
    "alter table sales.customer no force row level security",
  ),
];
