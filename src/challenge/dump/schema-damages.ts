/** What a dump could leave out of the schema or get wrong about it, in the tenant of `tenant.ts`. */
import type { DumpDamage } from "../damage.ts";

/** As if pg_dump itself had it so: every digest of the archive agrees. */
function dumped(name: string, title: string, ...statements: readonly string[]): DumpDamage {
  return { name, title, statements, family: "schema", expected: "refuted", archive: "clone" };
}

/** As if the archive were another one than was dumped. */
function onTheWay(name: string, title: string, ...statements: readonly string[]): DumpDamage {
  return { ...dumped(name, title, ...statements), archive: "original" };
}

const aboutConstraints: readonly DumpDamage[] = [
  dumped("index-lost", "an index is missing", "drop index sales.invoice_customer_date"),
  dumped(
    "index-columns",
    "an index has its columns in another order",
    "drop index sales.invoice_customer_date",
    "create index invoice_customer_date on sales.invoice (issued_on, customer_id)",
  ),
  dumped(
    "index-predicate",
    "a partial index covers other rows",
    "drop index sales.customer_lower",
    "create index customer_lower on sales.customer (lower(name)) where note is null",
  ),
  dumped(
    "index-expression",
    "an index is on another expression",
    "drop index sales.customer_lower",
    "create index customer_lower on sales.customer (upper(name)) where note is not null",
  ),
  dumped(
    "index-method",
    "an index is of another kind",
    "drop index ledger.entry_account",
    "create index entry_account on ledger.entry using brin (account, posted_at)",
  ),
  dumped(
    "primary-key-lost",
    "a primary key is missing",
    "alter table public.document drop constraint document_pkey",
  ),
  dumped(
    "unique-lost",
    "a unique constraint is missing",
    "alter table sales.customer drop constraint customer_code_unique",
  ),
  dumped(
    "unique-deferred",
    "a unique constraint has become deferrable",
    "alter table sales.customer drop constraint customer_code_unique",
    "alter table sales.customer add constraint customer_code_unique unique (code) deferrable",
  ),
  dumped("check-lost", "a check is missing", "alter table sales.invoice drop constraint invoice_total"),
  dumped(
    "check-changed",
    "a check allows what it did not",
    "alter table sales.invoice drop constraint invoice_total",
    "alter table sales.invoice add constraint invoice_total check (total >= -1)",
  ),
  dumped(
    "check-not-validated",
    "a check is not validated",
    "alter table sales.invoice drop constraint invoice_total",
    "alter table sales.invoice add constraint invoice_total check (total >= 0) not valid",
  ),
  dumped(
    "foreign-key-lost",
    "a foreign key is missing",
    "alter table sales.invoice drop constraint invoice_customer",
  ),
  dumped(
    "foreign-key-action",
    "a foreign key does something else on delete",
    "alter table sales.invoice drop constraint invoice_customer",
    "alter table sales.invoice add constraint invoice_customer foreign key (customer_id) references sales.customer on delete cascade",
  ),
  dumped(
    "foreign-key-not-validated",
    "a foreign key is not validated",
    "alter table sales.invoice drop constraint invoice_customer",
    "alter table sales.invoice add constraint invoice_customer foreign key (customer_id) references sales.customer on delete restrict not valid",
  ),
  dumped("not-null-lost", "a column may be NULL", "alter table sales.invoice alter total drop not null"),
  dumped(
    "domain-check-lost",
    "a domain allows everything",
    "alter domain ledger.money_amount drop constraint not_negative",
  ),
  dumped(
    "domain-check-changed",
    "a domain allows other values",
    "alter domain ledger.money_amount drop constraint not_negative",
    "alter domain ledger.money_amount add constraint not_negative check (value > -1)",
  ),
];

const aboutCode: readonly DumpDamage[] = [
  dumped("trigger-lost", "a trigger is missing", "drop trigger invoice_touch on sales.invoice"),
  dumped(
    "trigger-disabled",
    "a trigger is disabled",
    "alter table sales.invoice disable trigger invoice_touch",
  ),
  dumped(
    "trigger-condition",
    "a trigger fires for fewer rows",
    "drop trigger invoice_touch on sales.invoice",
    "create trigger invoice_touch before update on sales.invoice for each row when (old.paid) execute function sales.touch()",
  ),
  dumped(
    "trigger-time",
    "a trigger fires on other events",
    "drop trigger invoice_touch on sales.invoice",
    "create trigger invoice_touch before insert on sales.invoice for each row execute function sales.touch()",
  ),
  dumped("event-trigger-lost", "an event trigger is missing", "drop event trigger watch_ddl"),
  dumped("event-trigger-disabled", "an event trigger is disabled", "alter event trigger watch_ddl disable"),
  dumped("rule-lost", "a rule is missing", "drop rule keep_rates on ledger.rate"),
  dumped(
    "rule-changed",
    "a rule does something else",
    "create or replace rule keep_rates as on delete to ledger.rate where old.currency = 'AED' do instead nothing",
  ),
  dumped("function-lost", "a function is missing", "drop function ledger.balance(int)"),
  dumped(
    "function-body",
    "a function has another body",
    `create or replace function ledger.balance(account int) returns numeric language sql stable security definer set search_path = ''
       as $$ select coalesce(sum(credit) - sum(debit), 0) from ledger.entry e where e.account = balance.account $$`,
  ),
  dumped(
    "security-definer-lost",
    "a function runs with its caller's rights",
    "alter function ledger.balance(int) security invoker",
  ),
  dumped(
    "function-search-path-lost",
    "a function has lost its search_path",
    "alter function ledger.balance(int) reset search_path",
  ),
  dumped(
    "function-volatility",
    "a function counts as immutable",
    "alter function ledger.balance(int) immutable",
  ),
  dumped("view-lost", "a view is missing", "drop view sales.open_invoice"),
  dumped(
    "view-changed",
    "a view shows other rows",
    `create or replace view sales.open_invoice as
       select i.id, i.total, c.name from sales.invoice i join sales.customer c on c.id = i.customer_id where i.status <> 'draft'`,
  ),
  dumped(
    "view-security-barrier",
    "a view has become a security barrier",
    "alter view sales.open_invoice set (security_barrier)",
  ),
  dumped("matview-lost", "a materialised view is missing", "drop materialized view ledger.trial_balance"),
  dumped(
    "matview-changed",
    "a materialised view is computed otherwise",
    "drop materialized view ledger.unpopulated",
    "create materialized view ledger.unpopulated as select 2 as one with no data",
  ),
];

const aboutRights: readonly DumpDamage[] = [
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

const aboutShapes: readonly DumpDamage[] = [
  dumped("default-lost", "a default is missing", "alter table sales.invoice alter status drop default"),
  dumped(
    "default-changed",
    "a default is another",
    "alter table sales.invoice alter status set default 'confirmed'",
  ),
  dumped(
    "domain-default-changed",
    "the default of a domain is another",
    "alter domain ledger.money_amount set default 1",
  ),
  dumped(
    "identity-kind",
    "an identity column takes values of anybody",
    "alter table sales.customer alter id set generated by default",
  ),
  dumped(
    "identity-lost",
    "an identity column is none any more",
    "alter table sales.customer alter id drop identity",
  ),
  dumped(
    "column-type",
    "a column is of a wider type",
    "alter table sales.invoice_line alter qty type numeric(12,3)",
  ),
  dumped(
    "column-length",
    "a column takes fewer characters",
    "alter table sales.invoice alter note type varchar(120)",
  ),
  dumped(
    "column-collation",
    "a column sorts otherwise",
    `alter table public.journal alter entry type text collate "POSIX"`,
  ),
  dumped(
    "column-statistics",
    "a column has another statistics target",
    "alter table public.journal alter entry set statistics 7",
  ),
  dumped(
    "column-storage",
    "a column is stored otherwise",
    "alter table public.document alter body set storage external",
  ),
  dumped(
    "column-extra",
    "there is a column that the source never had",
    "alter table public.journal add extra int",
  ),
  dumped(
    "enum-order",
    "two labels of an enum stand in the other order",
    "update pg_catalog.pg_enum set enumsortorder = 99 where enumtypid = 'sales.order_status'::regtype and enumlabel = 'shipped'",
  ),
  dumped(
    "enum-label",
    "a label of an enum is another",
    "alter type sales.order_status rename value 'shipped' to 'sent'",
  ),
  dumped(
    "enum-label-extra",
    "an enum has one label more",
    "alter type sales.order_status add value 'refunded'",
  ),
  dumped(
    "composite-field",
    "a field of a composite type is of another type",
    "alter table sales.customer drop home",
    "alter type sales.address alter attribute city type varchar(40)",
    "alter table sales.customer add home sales.address",
  ),
  dumped("sequence-lost", "a sequence is missing", "drop sequence ledger.untouched"),
  dumped("sequence-step", "a sequence counts by another step", "alter sequence ledger.number increment 10"),
  dumped(
    "sequence-owner",
    "a sequence belongs to no column",
    "alter sequence sales.invoice_id_seq owned by none",
  ),
  dumped(
    "partition-bound",
    "a partition takes other rows",
    "alter table ledger.entry detach partition ledger.entry_2026",
    "alter table ledger.entry attach partition ledger.entry_2026 for values from ('2026-01-01') to ('2028-01-01')",
  ),
  dumped("inheritance-lost", "a table inherits no more", "alter table public.derived no inherit public.base"),
  dumped("table-logged", "an unlogged table is logged", "alter table public.cache set logged"),
  dumped(
    "storage-parameter-lost",
    "a storage parameter is lost",
    "alter table sales.invoice reset (fillfactor)",
  ),
  dumped(
    "storage-parameter",
    "a storage parameter is another",
    "alter table sales.invoice set (fillfactor = 70)",
  ),
  dumped(
    "replica-identity",
    "a table identifies its rows otherwise",
    "alter table public.journal replica identity full",
  ),
  dumped("table-comment-lost", "a comment is missing", "comment on table sales.invoice is null"),
  dumped("table-comment", "a comment is another", "comment on table sales.invoice is 'what customers paid'"),
  dumped(
    "column-comment-lost",
    "the comment on a column is missing",
    "comment on column sales.invoice.total is null",
  ),
  dumped("statistics-lost", "extended statistics are missing", "drop statistics sales.invoice_related"),
  dumped(
    "statistics-kind",
    "extended statistics are of another kind",
    "drop statistics sales.invoice_related",
    "create statistics sales.invoice_related (ndistinct) on customer_id, status from sales.invoice",
  ),
  dumped("publication-lost", "a publication is missing", "drop publication outgoing"),
  dumped(
    "publication-table-lost",
    "a publication lacks a table",
    "alter publication outgoing drop table sales.invoice",
  ),
  dumped(
    "publication-rows",
    "a publication sends fewer rows",
    "alter publication outgoing set table sales.invoice where (id > 100)",
  ),
  dumped(
    "publication-events",
    "a publication sends no deletes",
    "alter publication outgoing set (publish = 'insert, update')",
  ),
  dumped("extension-lost", "an extension is missing with what needs it", "drop extension hstore cascade"),
  dumped("schema-extra", "there is a schema that the source never had", "create schema stowaway"),
  dumped(
    "collation-lost",
    "a collation is missing",
    "alter table sales.customer drop name_lower",
    "drop index sales.customer_lower",
    "drop view sales.open_invoice",
    `alter table sales.customer alter name type text collate "C"`,
    "drop collation sales.exact",
    "alter table sales.customer add name_lower text generated always as (lower(name)) stored",
  ),
];

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
];

export const schemaDamages: readonly DumpDamage[] = [
  ...aboutConstraints,
  ...aboutCode,
  ...aboutRights,
  ...aboutShapes,
  ...changedOnTheWay,
];
