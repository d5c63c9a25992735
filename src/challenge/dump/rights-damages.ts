/** Privileges, owners and row security: missing, or giving more or less than they did. */
import type { DumpDamage } from "../damage.ts";
import { dumpedFor } from "./dumped.ts";

const granted = dumpedFor("grants");
const secured = dumpedFor("objects");

export const rightsDamages: readonly DumpDamage[] = [
  granted(
    "grant-lost",
    "a privilege on a table is missing",
    "revoke select on sales.invoice from challenge_reader",
  ),
  granted("grant-widened", "everybody may read a table", "grant select on sales.invoice to public"),
  granted(
    "grant-with-option",
    "whoever may read a table may let others read it",
    "grant select on sales.invoice to challenge_reader with grant option",
  ),
  granted(
    "column-grant-lost",
    "a privilege on a column is missing",
    "revoke update (note) on sales.customer from challenge_reader",
  ),
  granted(
    "schema-grant-lost",
    "a privilege on a schema is missing",
    "revoke usage on schema sales from challenge_reader",
  ),
  granted(
    "function-open",
    "everybody may execute a function",
    "grant execute on function ledger.balance(int) to public",
  ),
  granted(
    "extension-function-open",
    "everybody may execute a function of an extension again",
    "grant execute on function public.hstore_to_matrix(public.hstore) to public",
  ),
  granted(
    "sequence-grant-lost",
    "a privilege on a sequence is missing",
    "revoke usage on sequence ledger.number from challenge_reader",
  ),
  granted("type-open", "everybody may use a type", "grant usage on type sales.order_status to public"),
  granted("language-open", "everybody may use a language", "grant usage on language plpgsql to public"),
  granted(
    "system-function-open",
    "everybody may execute a function of the system again",
    "grant execute on function pg_catalog.pg_sleep(double precision) to public",
  ),
  granted(
    "system-view-open",
    "everybody may read a view of the system again",
    "grant select on pg_catalog.pg_stats to public",
  ),
  granted(
    "wrapper-grant-lost",
    "a privilege on a foreign data wrapper is missing",
    "revoke usage on foreign data wrapper far from challenge_reader",
  ),
  granted(
    "server-grant-lost",
    "a privilege on a foreign server is missing",
    "revoke usage on foreign server far_server from challenge_reader",
  ),
  granted(
    "default-privileges-open",
    "what a role will make is open to everybody",
    "alter default privileges for role challenge_owner grant execute on functions to public",
  ),
  granted(
    "default-privileges-lost",
    "default privileges are missing",
    "alter default privileges for role challenge_owner in schema sales revoke select on tables from challenge_reader",
  ),
  granted(
    "table-owner",
    "a table belongs to somebody else",
    "alter table sales.invoice owner to challenge_group",
  ),
  granted(
    "view-owner",
    "a view belongs to somebody else",
    "alter view sales.open_invoice owner to challenge_group",
  ),
  granted("type-owner", "a type belongs to somebody else", "alter type sales.pair owner to challenge_group"),
  granted(
    "function-owner",
    "a function that runs with its owner's rights belongs to somebody else",
    "alter function ledger.balance(int) owner to challenge_group",
  ),
  granted(
    "schema-owner",
    "a schema belongs to somebody else",
    "alter schema ledger owner to challenge_group",
  ),
  secured("policy-lost", "a policy is missing", "drop policy by_tier on sales.customer"),
  secured(
    "policy-expression",
    "a policy shows other rows",
    "alter policy by_tier on sales.customer using (true)",
  ),
  secured(
    "policy-of-two-alike",
    "one of two policies that said the same shows other rows",
    "alter policy by_tier_changed on sales.customer using (true)",
  ),
  secured(
    "policy-command",
    "a policy is for another command",
    "drop policy by_tier_changed on sales.customer",
    "create policy by_tier_changed on sales.customer for delete to challenge_reader using (tags @> array[current_setting('app.tier', true)])",
  ),
  secured(
    "policy-restrictive",
    "a policy takes away instead of giving",
    "drop policy by_tier_changed on sales.customer",
    "create policy by_tier_changed on sales.customer as restrictive for update to challenge_reader using (tags @> array[current_setting('app.tier', true)])",
  ),
  secured(
    "policy-check",
    "a policy checks new rows otherwise",
    "alter policy by_tier_changed on sales.customer with check (true)",
  ),
  secured("policy-roles", "a policy is for everybody", "alter policy by_tier on sales.customer to public"),
  secured(
    "row-security-off",
    "row security is switched off",
    "alter table sales.customer disable row level security",
  ),
  secured(
    "row-security-not-forced",
    "row security does not bind the owner",
    "alter table sales.customer no force row level security",
  ),
];
