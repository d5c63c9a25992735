/** What the challenged tenant has beside its tables and rows: at least one object of every kind that a database can hold. */
export const tenantObjects: readonly string[] = [
  // Types and what is made for them.
  `create type sales.pair as (left_side text collate "C", right_side int)`,
  `create domain sales.code_text as varchar(10) collate "C" default 'x' not null constraint is_code check (value ~ '^[a-z]')`,
  `create function sales.weight(sales.address) returns int language sql immutable as $$ select length(($1).street) $$`,
  `create cast (sales.address as int) with function sales.weight(sales.address) as assignment`,
  `create function sales.nearly(numeric, numeric) returns boolean language sql immutable as $$ select abs($1 - $2) < 0.01 $$`,
  `create operator sales.=~= (function = sales.nearly, leftarg = numeric, rightarg = numeric, commutator = operator(sales.=~=))`,
  `create operator class sales.whole_ops for type int4 using btree as
     operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4)`,
  `create aggregate sales.product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1')`,
  `create aggregate sales.running(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0',
     msfunc = numeric_add, minvfunc = numeric_sub, mstype = numeric, msspace = 100, minitcond = '0')`,
  `create conversion sales.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
  `create text search dictionary sales.plain (template = simple, accept = false)`,
  `create text search configuration sales.words (copy = pg_catalog.simple)`,
  `alter text search configuration sales.words alter mapping for word with sales.plain, pg_catalog.simple`,
  // What runs.
  `create function sales.with_tax(amount numeric, rate numeric default 0.05) returns numeric language sql immutable strict parallel safe
     as $$ select amount * (1 + rate) $$`,
  `create procedure sales.close_year(inout year int) language plpgsql as $$ begin year := year + 1; end $$`,
  // From 14 on a body can be parsed when its function is made.
  `do $do$ begin
     if current_setting('server_version_num')::int >= 140000 then
       execute $make$ create function sales.invoices_of(customer bigint) returns bigint language sql stable
         begin atomic select count(*) from sales.invoice i where i.customer_id = customer; end $make$;
     end if; end $do$`,
  `create function sales.of_map() returns int language sql immutable as $$ select 1 $$`,
  `alter function sales.of_map() depends on extension hstore`,
  `create function sales.watch() returns trigger language plpgsql as $$ begin return null; end $$`,
  `create constraint trigger invoice_watch after insert on sales.invoice from sales.customer
     deferrable for each row execute function sales.watch('first', 'second')`,
  `create trigger customer_watch after update on sales.customer for each row execute function sales.watch()`,
  `create view sales.small_invoice as select id, total, note from sales.archived_invoice where total < 100 with cascaded check option`,
  `alter view sales.small_invoice alter column note set default 'small'`,
  // Indexes and constraints.
  `create index customer_extra on sales.customer using gist (extra public.gist_hstore_ops (siglen = 32))`,
  `create index customer_code on sales.customer (code text_pattern_ops desc nulls last) include (note)`,
  `create index journal_line on public.journal using brin (line) with (pages_per_range = 16)`,
  `create index trial_account on ledger.trial_balance (account)`,
  `create index customer_upper on sales.customer (upper(code))`,
  `alter index sales.customer_upper alter column 1 set statistics 300`,
  `alter table public.document cluster on document_pkey`,
  `create table public.booking (room int not null, during int4range not null, constraint no_overlap exclude using gist (during with &&))`,
  `insert into public.booking select i, int4range(i * 10, i * 10 + 5) from generate_series(1, 20) i`,
  `alter table public.base add constraint base_kind_is_short check (length(kind) < 40)`,
  `alter table public.base add constraint base_has_kind check (kind <> 'nothing') no inherit`,
  // Owners, privileges and remarks.
  `grant usage on sequence ledger.number to challenge_reader`,
  `revoke usage on type sales.order_status from public`,
  `revoke usage on language plpgsql from public`,
  `grant usage on language plpgsql to challenge_reader`,
  `revoke execute on function pg_catalog.pg_sleep(double precision) from public`,
  `revoke select on pg_catalog.pg_stats from public`,
  `alter default privileges for role challenge_owner revoke execute on functions from public`,
  `comment on constraint customer_has_name on sales.customer is 'how else to write to them'`,
  `comment on function ledger.balance(int) is 'what is left'`,
  `comment on trigger customer_watch on sales.customer is 'looks on'`,
  `comment on index public.journal_line is 'for the newest'`,
  `comment on type sales.order_status is 'how far it is'`,
  `comment on policy by_tier on sales.customer is 'rows of one''s own tier'`,
  // What needs a superuser.
  `create access method heap_too type table handler heap_tableam_handler`,
  `create table public.kept_too (id int not null) using heap_too`,
  `create function sales.plother_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler'`,
  `create language plother handler sales.plother_handler`,
  `create foreign data wrapper far`,
  `create server far_server type 'any' version '1' foreign data wrapper far options (host 'far.example')`,
  `create user mapping for challenge_reader server far_server options (user 'reader', password 'secret')`,
  `create foreign table public.far_rows (id int options (name 'ident'), town text) server far_server options (relation 'rows')`,
  `grant usage on foreign data wrapper far to challenge_reader`,
  `grant usage on foreign server far_server to challenge_reader`,
];
