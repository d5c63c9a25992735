/** Types, operators, casts, text search, languages and wrappers: every kind that stands beside tables and code. */
import type { DumpDamage } from "../damage.ts";
import { dumpedFor } from "./dumped.ts";

const dumped = dumpedFor("objects");
const constrained = dumpedFor("constraints");

export const kindDamages: readonly DumpDamage[] = [
  dumped(
    "range-subtype",
    "a range type is of another type",
    "drop type sales.span",
    "create type sales.span as range (subtype = int8)",
  ),
  dumped(
    "composite-collation",
    "a field of a composite type sorts otherwise",
    `alter type sales.pair alter attribute left_side type text collate "POSIX"`,
  ),
  dumped(
    "composite-field-extra",
    "a composite type has a field more",
    "alter type sales.pair add attribute extra int",
  ),
  dumped("domain-not-null-lost", "a domain may be NULL", "alter domain sales.code_text drop not null"),
  dumped(
    "domain-collation",
    "a domain sorts otherwise",
    "drop domain sales.code_text",
    `create domain sales.code_text as varchar(10) collate "POSIX" default 'x' not null constraint is_code check (value ~ '^[a-z]')`,
  ),
  constrained(
    "domain-check-not-validated",
    "a check of a domain is not validated",
    "alter domain sales.code_text drop constraint is_code",
    "alter domain sales.code_text add constraint is_code check (value ~ '^[a-z]') not valid",
  ),
  dumped("cast-lost", "a cast is missing", "drop cast (sales.address as int)"),
  dumped(
    "cast-implicit",
    "a cast is done without being asked for",
    "drop cast (sales.address as int)",
    "create cast (sales.address as int) with function sales.weight(sales.address) as implicit",
  ),
  dumped("operator-lost", "an operator is missing", "drop operator sales.=~= (numeric, numeric)"),
  dumped(
    "operator-estimate",
    "an operator is estimated otherwise",
    "alter operator sales.=~= (numeric, numeric) set (restrict = eqsel)",
  ),
  dumped(
    "operator-class-lost",
    "an operator class is missing",
    "drop operator family sales.whole_ops using btree",
  ),
  dumped(
    "operator-family-member",
    "an operator family compares with one type more",
    "alter operator family sales.whole_ops using btree add operator 1 < (int4, int8), function 1 btint48cmp(int4, int8)",
  ),
  dumped(
    "aggregate-initial",
    "an aggregate begins with another value",
    "create or replace aggregate sales.product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '0')",
  ),
  dumped(
    "aggregate-space",
    "an aggregate is thought to take other space while it moves",
    `create or replace aggregate sales.running(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0',
       msfunc = numeric_add, minvfunc = numeric_sub, mstype = numeric, msspace = 900, minitcond = '0')`,
  ),
  dumped(
    "conversion-default",
    "a conversion has become the default",
    "drop conversion sales.latin",
    "create default conversion sales.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
  ),
  dumped(
    "text-search-option",
    "a dictionary of text search lets words pass",
    "alter text search dictionary sales.plain (accept = true)",
  ),
  dumped(
    "text-search-mapping",
    "a configuration of text search asks another dictionary",
    "alter text search configuration sales.words alter mapping for word with pg_catalog.simple",
  ),
  dumped(
    "access-method-lost",
    "an access method is missing with its table",
    "drop access method heap_too cascade",
  ),
  dumped(
    "table-access-method",
    "a table is kept by another access method",
    "drop table public.kept_too",
    "create table public.kept_too (id int not null)",
  ),
  dumped(
    "language-trusted",
    "a language is open to everybody who may create functions",
    "drop language plother",
    "create trusted language plother handler sales.plother_handler",
  ),
  dumped(
    "server-option",
    "a foreign server is another machine",
    "alter server far_server options (set host 'near.example')",
  ),
  dumped(
    "user-mapping-lost",
    "a user mapping is missing",
    "drop user mapping for challenge_reader server far_server",
  ),
  dumped(
    "user-mapping-option",
    "a user mapping has another password",
    "alter user mapping for challenge_reader server far_server options (set password 'other')",
  ),
  dumped("foreign-table-lost", "a foreign table is missing", "drop foreign table public.far_rows"),
  dumped(
    "foreign-table-option",
    "a foreign table shows other rows",
    "alter foreign table public.far_rows options (set relation 'others')",
  ),
  dumped(
    "foreign-column-option",
    "a column of a foreign table is another one there",
    "alter foreign table public.far_rows alter id options (set name 'other')",
  ),
];
