/** What a load could get wrong that no archive holds: see `LoadDamage`. */
import type { LoadDamage } from "../damage.ts";
import { altered } from "./altered.ts";
import { unspokenDamages } from "./unspoken-damages.ts";

/** The restored database has a name of its own. */
function ofDatabase(statement: string): string {
  return `do $$ begin execute format('${statement.replaceAll("'", "''")}', current_database()); end $$`;
}

export const loadDamages: readonly LoadDamage[] = [
  altered(
    "data",
    "sequences",
    ["sequence-behind", "a sequence stands behind"],
    "select setval('ledger.number', 1495)",
  ),
  altered(
    "data",
    "sequences",
    ["sequence-called", "a sequence that was never called counts as called"],
    "select setval('ledger.untouched', 1, true)",
  ),
  altered(
    "data",
    "sequences",
    ["sequence-of-identity", "the sequence of an identity column begins anew"],
    "select setval(pg_get_serial_sequence('sales.customer', 'id'), 1, false)",
  ),
  altered(
    "data",
    "matviews",
    ["matview-empty", "a materialised view was not filled"],
    "refresh materialized view ledger.trial_balance with no data",
  ),
  altered(
    "data",
    "matviews",
    ["matview-filled", "a materialised view is filled that was not"],
    "refresh materialized view ledger.unpopulated",
  ),
  altered(
    "data",
    "matviews",
    ["matview-stale", "a materialised view holds rows that its tables no longer give"],
    "insert into ledger.entry values (9999, '2026-12-31 00:00+00', 1001, 77, 0)",
    "refresh materialized view ledger.trial_balance",
    "delete from ledger.entry where id = 9999",
  ),
  altered(
    "data",
    "tables",
    ["row-lost-in-load", "a row was read and not loaded"],
    "delete from public.journal where line = 1500",
  ),
  altered(
    "data",
    "tables",
    ["row-doubled-in-load", "a row was loaded twice"],
    "insert into public.journal select * from public.journal where line = 1500",
  ),
  altered(
    "data",
    "tables",
    ["row-moved-in-load", "a row stands behind all others, as if it were updated"],
    "update public.journal set entry = entry where line = 1500",
  ),
  altered(
    "data",
    "generated",
    ["generated-stale", "a generated column holds what its expression does not give"],
    "update pg_catalog.pg_attribute set attgenerated = '' where attrelid = 'sales.customer'::regclass and attname = 'name_lower'",
    "update sales.customer set name_lower = 'somebody else' where ctid = (select ctid from sales.customer order by ctid desc limit 1)",
    "update pg_catalog.pg_attribute set attgenerated = 's' where attrelid = 'sales.customer'::regclass and attname = 'name_lower'",
  ),
  altered(
    "data",
    "indexes",
    ["index-entry-lost", "a row is in its table and not in its index"],
    "update pg_catalog.pg_index set indisready = false where indexrelid = 'public.document_pkey'::regclass",
    "update public.document set id = -id where ctid = (select ctid from public.document order by ctid desc limit 1)",
    "update public.document set id = -id where id < 0",
    "update pg_catalog.pg_index set indisready = true where indexrelid = 'public.document_pkey'::regclass",
  ),
  altered(
    "data",
    "assertions",
    ["assertion-broken", "what the plan asserts is no longer so"],
    "insert into sales.empty values (1)",
  ),
  altered(
    "schema",
    "constraints",
    ["constraint-invalidated", "a foreign key was not validated by the load"],
    "update pg_catalog.pg_constraint set convalidated = false where conname = 'invoice_customer'",
  ),
  altered(
    "schema",
    "objects",
    ["index-invalid", "an index was not finished by the load"],
    "update pg_catalog.pg_index set indisvalid = false where indexrelid = 'sales.invoice_customer_date'::regclass",
  ),
  altered(
    "schema",
    "objects",
    ["trigger-left-disabled", "a trigger was left disabled by the load"],
    "alter table sales.invoice disable trigger invoice_touch",
  ),
  altered(
    "schema",
    "objects",
    ["user-mapping-in-load", "a user mapping got another password in the load"],
    "alter user mapping for challenge_reader server far_server options (set password 'other')",
  ),
  // The order of columns is not compared where some are inherited, since an archive may alter it: the twin's is the right one.
  altered(
    "schema",
    "twin",
    ["columns-of-heir-in-load", "two columns of an inheriting table stand in each other's place"],
    "alter table public.derived rename weight to height_once",
    "alter table public.derived rename height to weight",
    "alter table public.derived rename height_once to height",
    "update public.derived set (weight, height) = (height, weight)",
  ),
  altered(
    "schema",
    "extensions",
    ["extension-version", "an extension has another version"],
    "alter extension hstore update to '1.8'",
  ),
  // An update whose script makes nothing: what the extension consists of is the same, for the twin too.
  altered(
    "schema",
    "extensions",
    ["extension-version-alone", "an extension says that it is of another version, and is the same"],
    "update pg_catalog.pg_extension set extversion = '1.8' where extname = 'hstore'",
  ),
  altered(
    "schema",
    "extensions",
    ["extension-schema", "an extension lies in another schema"],
    "alter extension hstore set schema sales",
  ),
  altered(
    "schema",
    "extensions",
    ["extension-member-lost", "a function of an extension is missing"],
    "alter extension hstore drop function hstore_version_diag(hstore)",
    "drop function hstore_version_diag(hstore)",
  ),
  altered(
    "schema",
    "settings",
    ["database-setting-lost", "a setting of the database is lost"],
    ofDatabase("alter database %I reset timezone"),
  ),
  altered(
    "schema",
    "settings",
    ["database-setting-changed", "a setting of the database has another value"],
    ofDatabase("alter database %I set timezone = 'UTC'"),
  ),
  altered(
    "schema",
    "settings",
    ["role-setting-lost", "a setting of a role in the database is lost"],
    ofDatabase("alter role challenge_reader in database %I reset all"),
  ),
  altered(
    "schema",
    "grants",
    ["database-grant-lost", "a privilege on the database is lost"],
    ofDatabase("revoke connect on database %I from challenge_reader"),
  ),
  altered(
    "schema",
    "grants",
    ["database-open", "everybody may connect to the database"],
    ofDatabase("grant connect on database %I to public"),
  ),
  altered(
    "schema",
    "settings",
    ["database-owner", "the database belongs to somebody else"],
    ofDatabase("alter database %I owner to challenge_reader"),
  ),
  altered(
    "schema",
    "settings",
    ["database-limit-lost", "the database's limit of connections is lost"],
    ofDatabase("alter database %I connection limit -1"),
  ),
  altered(
    "schema",
    "settings",
    ["database-comment-lost", "the comment on the database is lost"],
    ofDatabase("comment on database %I is null"),
  ),
  altered(
    "schema",
    "grants",
    ["membership-lost", "a role is no member any more"],
    "revoke challenge_group from challenge_owner",
  ),
  altered(
    "schema",
    "grants",
    ["membership-extra", "a role is a member and was not"],
    "grant challenge_group to challenge_reader",
  ),
  altered(
    "schema",
    "grants",
    ["membership-with-admin", "a member may make others members and could not"],
    "grant challenge_group to challenge_owner with admin option",
  ),
  altered(
    "schema",
    "grants",
    ["role-attribute", "a role does not inherit any more"],
    "alter role challenge_reader noinherit",
  ),
  altered(
    "schema",
    "grants",
    ["role-limit", "a role has a limit of connections"],
    "alter role challenge_reader connection limit 3",
  ),
  altered(
    "schema",
    "grants",
    ["role-validity-lost", "a role is valid for ever"],
    "alter role challenge_owner valid until 'infinity'",
  ),
  altered(
    "schema",
    "settings",
    ["role-setting-everywhere-lost", "a setting of a role in every database is lost"],
    "alter role challenge_reader reset work_mem",
  ),
  altered(
    "schema",
    "grants",
    ["role-comment-lost", "the comment on a role is lost"],
    "comment on role challenge_reader is null",
  ),
  ...unspokenDamages,
];
