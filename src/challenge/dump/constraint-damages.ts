/** Indexes and constraints: missing, or not what they were. */
import type { DumpDamage } from "../damage.ts";
import { dumpedFor } from "./dumped.ts";

const indexed = dumpedFor("objects");
const constrained = dumpedFor("constraints");

export const constraintDamages: readonly DumpDamage[] = [
  indexed("index-lost", "an index is missing", "drop index sales.invoice_customer_date"),
  indexed(
    "index-columns",
    "an index has its columns in another order",
    "drop index sales.invoice_customer_date",
    "create index invoice_customer_date on sales.invoice (issued_on, customer_id)",
  ),
  indexed(
    "index-predicate",
    "a partial index covers other rows",
    "drop index sales.customer_lower",
    "create index customer_lower on sales.customer (lower(name)) where note is null",
  ),
  indexed(
    "index-expression",
    "an index is on another expression",
    "drop index sales.customer_lower",
    "create index customer_lower on sales.customer (upper(name)) where note is not null",
  ),
  indexed(
    "index-method",
    "an index is of another kind",
    "drop index ledger.entry_account",
    "create index entry_account on ledger.entry using brin (account, posted_at)",
  ),
  indexed(
    "index-class",
    "an index has another operator class",
    "drop index sales.customer_code",
    "create index customer_code on sales.customer (code desc nulls last) include (note)",
  ),
  indexed(
    "index-class-option",
    "an operator class of an index has another option",
    "drop index sales.customer_extra",
    "create index customer_extra on sales.customer using gist (extra public.gist_hstore_ops (siglen = 64))",
  ),
  indexed(
    "index-order",
    "an index is sorted the other way",
    "drop index sales.customer_code",
    "create index customer_code on sales.customer (code text_pattern_ops) include (note)",
  ),
  indexed(
    "index-include-lost",
    "an index includes a column no more",
    "drop index sales.customer_code",
    "create index customer_code on sales.customer (code text_pattern_ops desc nulls last)",
  ),
  indexed(
    "index-collation",
    "an index sorts by another collation",
    "drop index sales.customer_code",
    `create index customer_code on sales.customer (code collate "POSIX" text_pattern_ops desc nulls last) include (note)`,
  ),
  indexed(
    "index-unique",
    "an index forbids what it did not",
    "drop index ledger.entry_account",
    "create unique index entry_account on ledger.entry (account, posted_at, id)",
  ),
  indexed(
    "index-parameter",
    "an index has another parameter",
    "alter index public.journal_line set (pages_per_range = 64)",
  ),
  indexed(
    "index-statistics",
    "a column of an index has another statistics target",
    "alter index sales.customer_upper alter column 1 set statistics 30",
  ),
  indexed(
    "index-of-matview-lost",
    "an index of a materialised view is missing",
    "drop index ledger.trial_account",
  ),
  constrained(
    "primary-key-lost",
    "a primary key is missing",
    "alter table public.document drop constraint document_pkey",
  ),
  constrained(
    "unique-lost",
    "a unique constraint is missing",
    "alter table sales.customer drop constraint customer_code_unique",
  ),
  constrained(
    "unique-deferred",
    "a unique constraint has become deferrable",
    "alter table sales.customer drop constraint customer_code_unique",
    "alter table sales.customer add constraint customer_code_unique unique (code) deferrable",
  ),
  constrained("check-lost", "a check is missing", "alter table sales.invoice drop constraint invoice_total"),
  constrained(
    "check-changed",
    "a check allows what it did not",
    "alter table sales.invoice drop constraint invoice_total",
    "alter table sales.invoice add constraint invoice_total check (total >= -1)",
  ),
  constrained(
    "partition-check",
    "one of two partitions with the same check allows what it did not",
    "alter table ledger.by_status_1 drop constraint amount_sane",
    "alter table ledger.by_status_1 add constraint amount_sane check (amount >= -1)",
  ),
  constrained(
    "check-not-validated",
    "a check is not validated",
    "alter table sales.invoice drop constraint invoice_total",
    "alter table sales.invoice add constraint invoice_total check (total >= 0) not valid",
  ),
  constrained(
    "foreign-key-lost",
    "a foreign key is missing",
    "alter table sales.invoice drop constraint invoice_customer",
  ),
  constrained(
    "foreign-key-action",
    "a foreign key does something else on delete",
    "alter table sales.invoice drop constraint invoice_customer",
    "alter table sales.invoice add constraint invoice_customer foreign key (customer_id) references sales.customer on delete cascade",
  ),
  constrained(
    "foreign-key-deferred",
    "a foreign key is checked at the end of a transaction",
    "alter table sales.invoice alter constraint invoice_customer deferrable initially deferred",
  ),
  constrained(
    "foreign-key-match",
    "a foreign key matches otherwise",
    "alter table sales.invoice drop constraint invoice_customer",
    "alter table sales.invoice add constraint invoice_customer foreign key (customer_id) references sales.customer match full on delete restrict",
  ),
  constrained(
    "exclusion-lost",
    "an exclusion constraint is missing",
    "alter table public.booking drop constraint no_overlap",
  ),
  constrained(
    "exclusion-operator",
    "an exclusion constraint excludes something else",
    "alter table public.booking drop constraint no_overlap",
    "alter table public.booking add constraint no_overlap exclude using gist (during with =)",
  ),
  constrained(
    "check-of-one-table",
    "a check is handed on to inheriting tables",
    "alter table public.base drop constraint base_has_kind",
    "alter table public.base add constraint base_has_kind check (kind <> 'nothing')",
  ),
  constrained(
    "inherited-check-local",
    "a check that was inherited alone is the table's own as well",
    "update pg_catalog.pg_constraint set conislocal = true where conrelid = 'public.derived'::regclass and conname = 'base_kind_is_short'",
  ),
  constrained(
    "foreign-key-not-validated",
    "a foreign key is not validated",
    "alter table sales.invoice drop constraint invoice_customer",
    "alter table sales.invoice add constraint invoice_customer foreign key (customer_id) references sales.customer on delete restrict not valid",
  ),
  indexed("not-null-lost", "a column may be NULL", "alter table sales.invoice alter total drop not null"),
  constrained(
    "domain-check-lost",
    "a domain allows everything",
    "alter domain ledger.money_amount drop constraint not_negative",
  ),
  constrained(
    "domain-check-changed",
    "a domain allows other values",
    "alter domain ledger.money_amount drop constraint not_negative",
    "alter domain ledger.money_amount add constraint not_negative check (value > -1)",
  ),
];
