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
