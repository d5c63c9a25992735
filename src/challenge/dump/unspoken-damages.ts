/** What a load could get wrong that pg_dump tells of no database, so that no archive could ever show it. */
import type { LoadDamage } from "../damage.ts";
import { altered } from "./altered.ts";

export const unspokenDamages: readonly LoadDamage[] = [
  altered(
    "schema",
    "constraints",
    ["foreign-key-asleep", "a foreign key is there and nothing watches over it"],
    "alter table sales.invoice_line disable trigger all",
  ),
  altered(
    "schema",
    "objects",
    ["index-not-ready", "an index takes no new rows"],
    "update pg_catalog.pg_index set indisready = false where indexrelid = 'sales.invoice_customer_date'::regclass",
  ),
  altered(
    "schema",
    "grants",
    ["information-schema-closed", "a view of information_schema is not for everybody"],
    "revoke select on information_schema.tables from public",
  ),
  altered(
    "schema",
    "grants",
    ["server-language-closed", "a language of the server is not for everybody"],
    "revoke usage on language sql from public",
  ),
  altered(
    "schema",
    "grants",
    ["row-type-closed", "the row type of a table is not for everybody"],
    "revoke usage on type sales.invoice from public",
  ),
  altered(
    "schema",
    "twin",
    ["extension-function-rights", "a function of an extension runs with its owner's rights"],
    "alter function public.hstore_to_matrix(public.hstore) security definer",
  ),
  altered(
    "schema",
    "twin",
    ["extension-function-body", "a function of an extension does something else"],
    "create or replace function public.hstore_version_diag(public.hstore) returns int language sql immutable as 'select 7'",
  ),
  altered(
    "schema",
    "twin",
    ["extension-function-comment", "the comment on a function of an extension is another"],
    "comment on function public.hstore_to_matrix(public.hstore) is 'something else'",
  ),
  altered(
    "schema",
    "objects",
    ["system-table-extra", "there is a table in a schema of the system that the source never had"],
    "create table information_schema.stray (id int)",
  ),
];
