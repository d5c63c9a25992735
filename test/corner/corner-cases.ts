/** Every corner case that a backup has to survive; each is a database of its own. Two lists, so that they are tested side by side. */
import { fromFile, type CornerCase } from "./corner-case.ts";

const isolated = { verdict: "proven-where-isolated" } as const;

export const cornerCasesOfTables: readonly CornerCase[] = [
  fromFile("partitions", "partitions on three levels, attached and detached, by domains, expressions, null"),
  fromFile("hash-on-enum", "hash partitions on an enum, whose leaves depend on oids"),
  fromFile("inheritance", "several parents, other column orders, local overrides"),
  fromFile(
    "columns",
    "identity, generated, dropped, no columns, moved rows, random widths, sequences, unlogged",
  ),
  fromFile("types", "a value of every type, and the ends of their ranges"),
  fromFile("constraints", "circular, deferrable and unvalidated constraints, exclusion, odd indexes"),
  fromFile("security", "row security, absent owners and grantees, column grants, default privileges"),
  fromFile("functions", "functions with a search_path, triggers, rules, operators, casts, aggregates"),
  fromFile(
    "database-search-path",
    "CHECKs, indexes and generated columns that need the database's search_path",
    {
      expected: { stock: "fails" },
    },
  ),
  fromFile("checks-across-tables", "CHECKs that read another table", { expected: { stock: "fails" } }),
  fromFile("event-triggers", "event triggers that refuse what a restore does after them", {
    expected: { ...isolated, stock: "fails" },
  }),
  fromFile("derived", "views of every sort, materialised views on materialised views, one unpopulated"),
];

export const cornerCasesOfDatabases: readonly CornerCase[] = [
  fromFile("names", "capitals, scripts, quotes, newlines, 63 bytes; comments on everything", {
    expected: { stock: "loses" },
  }),
  fromFile("collations", "ICU and non-deterministic collations, text search", {
    database:
      "template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' lc_collate 'C' lc_ctype 'C'",
  }),
  fromFile("extensions", "types, indexes and triggers that belong to extensions in schemas of their own"),
  fromFile("extension-configuration", "an extension's configuration tables, changed", {
    ownExtension: true,
    expected: { stock: "fails" },
  }),
  fromFile("foreign-data", "foreign servers, mappings and tables", { expected: isolated }),
  fromFile("replication", "publications of every shape"),
  fromFile("subscription", "a subscription that is not connected"),
  fromFile("large-objects", "large objects with holes, owners, grants and comments"),
  fromFile("database", "owner, grants, limit, comment and settings of the database and of roles in it", {
    expected: { stock: "fails" },
  }),
  fromFile("latin1", "a LATIN1 database", {
    database: "template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'",
  }),
  fromFile("sql-ascii", "an SQL_ASCII database with bytes that are no text", {
    database: "template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'",
  }),
  fromFile("empty", "an empty database", { sql: () => "" }),
  fromFile("shared-schemas", "two tenants that are schemas of one database"),
  // More than are locked by two statements.
  manyTables(1_100),
  // More than may be in flight at once.
  giantValue(100_000_000),
];

/** What other releases than the oldest brought; each needs a server of its release. */
export const cornerCasesOfReleases: readonly CornerCase[] = [
  fromFile("since-16", "what 16 brought: SQL/JSON, rules of a collation, subscriptions by their owner", {
    database:
      "template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' icu_rules '&V << w <<< W' lc_collate 'C' lc_ctype 'C'",
    since: 16,
  }),
  fromFile("since-17", "what 17 brought: MAINTAIN, a locale of the server's own, identity on partitions", {
    database:
      "template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C'",
    since: 17,
    expected: isolated,
  }),
  fromFile(
    "since-18",
    "what 18 brought: keys over time, named NOT NULL, virtual columns, keys not enforced",
    {
      since: 18,
    },
  ),
];

/** Those that any server can hold. */
export const cornerCases: readonly CornerCase[] = [...cornerCasesOfTables, ...cornerCasesOfDatabases];

/** The schemas of the two tenants in `shared-schemas`. */
export const sharedTenants = { a: ["tenant_a", "tenant_a_more"], b: ["tenant_b", "tenant_ab"] } as const;

/** Tables that hold nothing, over ten schemas. */
export function manyTables(count: number): CornerCase {
  const sql = (): string => `
    select format('create schema s%s', n) from generate_series(0, 9) n \\gexec
    select format('create table s%s.t%s (id int, v text)', n % 10, n) from generate_series(1, ${String(count)}) n \\gexec
  `;
  return fromFile("many-tables", `${String(count)} empty tables`, { sql, heavy: true });
}

/** One value of `bytes` bytes, uncompressed, between two small ones. */
export function giantValue(bytes: number): CornerCase {
  const part = 500_000;
  const sql = (): string => `
    create table public.giant (id int primary key, v text);
    alter table public.giant alter column v set storage external;
    insert into public.giant values (1, 'before');
    insert into public.giant select 2, string_agg(left(repeat(md5(n::text), ${String(Math.ceil(part / 32))}), ${String(part)}), '' order by n)
      from generate_series(1, ${String(Math.ceil(bytes / part))}) n;
    insert into public.giant values (3, 'after');
  `;
  return fromFile("giant-value", `one value of ${String(bytes)} bytes`, { sql, heavy: true });
}
