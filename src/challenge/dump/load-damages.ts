/** What a load could get wrong that no archive holds: see `LoadDamage`. */
import type { CheckName } from "../../model/check.ts";
import type { LoadDamage } from "../damage.ts";

/** The restored database has a name of its own. */
function ofDatabase(statement: string): string {
  return `do $$ begin execute format('${statement.replaceAll("'", "''")}', current_database()); end $$`;
}

function altered(
  family: LoadDamage["family"],
  seenBy: CheckName,
  [name, title]: readonly [string, string],
  ...statements: readonly string[]
): LoadDamage {
  return { name, title, family, seenBy: [seenBy], expected: "refuted", altered: statements };
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
    "schema",
    "extensions",
    ["extension-version", "an extension has another version"],
    "alter extension hstore update to '1.8'",
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
    ["role-comment-lost", "the comment on a role is lost"],
    "comment on role challenge_reader is null",
  ),
];
