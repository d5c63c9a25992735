/** The tenant that is challenged: small, with a bit of everything that verification has to see. */
import type { SampleTenant } from "./damage.ts";
import { tenantObjects } from "./tenant-objects.ts";

/** The tenant's database in every challenge, clones included. */
export const challengedDatabase = "challenged";

/** Roles of the server belong to everybody on it; these bear a prefix so that nobody else's are meant. */
export const challengedTenant: SampleTenant = {
  name: "challenge",
  title: "a small tenant with a bit of everything",
  server: [
    "create role challenge_group",
    "create role challenge_owner",
    "create role challenge_reader",
    "grant challenge_group to challenge_owner",
    "comment on role challenge_reader is 'reads reports'",
    "alter role challenge_reader set work_mem = '8MB'",
    "alter role challenge_owner valid until '2040-01-01 00:00+00'",
  ],
  owner: "challenge_owner",
  create: "template template0 encoding 'UTF8' locale 'C'",
  database: (name) => [
    `revoke connect on database ${name} from public`,
    `grant connect on database ${name} to challenge_reader`,
    `alter database ${name} set timezone = 'Asia/Karachi'`,
    `alter role challenge_reader in database ${name} set statement_timeout = '30s'`,
    `alter database ${name} connection limit 40`,
    `comment on database ${name} is 'the tenant under challenge'`,
  ],
  statements: [
    `create schema sales authorization challenge_owner`,
    `create schema ledger authorization challenge_owner`,
    `create extension hstore schema public version '1.7'`,
    `create type sales.order_status as enum ('draft', 'confirmed', 'shipped', 'invoiced')`,
    `create type sales.address as (street text, city text collate "C")`,
    `create type sales.span as range (subtype = int4)`,
    `create domain ledger.money_amount as numeric(18,4) default 0 constraint not_negative check (value >= 0)`,
    `create collation sales.exact (provider = libc, locale = 'C')`,
    `create table sales.customer (
       id bigint generated always as identity primary key,
       code text not null constraint customer_code_unique unique,
       name text collate sales.exact not null constraint customer_has_name check (name <> ''),
       note text, tags text[] not null default '{}', profile jsonb not null default '{}', extra hstore,
       home sales.address, since timestamptz not null default '2026-01-01 00:00+00', rating float8,
       name_lower text generated always as (lower(name)) stored)`,
    `create table sales.invoice (
       id bigserial primary key,
       customer_id bigint not null constraint invoice_customer references sales.customer on delete restrict,
       status sales.order_status not null default 'draft', issued_on date not null, note varchar(200),
       total numeric(14,2) not null constraint invoice_total check (total >= 0), paid boolean)
       with (fillfactor = 90)`,
    `create table sales.invoice_line (
       invoice_id bigint references sales.invoice on delete cascade, line_no int,
       qty numeric(10,3) not null, memo text, primary key (invoice_id, line_no))`,
    `create table sales.archived_invoice (like sales.invoice)`,
    `create table sales.empty (id int primary key, remark text)`,
    `create table ledger.entry (
       id bigint not null, posted_at timestamptz not null, account int not null,
       debit ledger.money_amount, credit ledger.money_amount, primary key (id, posted_at)) partition by range (posted_at)`,
    `create table ledger.entry_2025 partition of ledger.entry for values from ('2025-01-01') to ('2026-01-01')`,
    `create table ledger.entry_2026 partition of ledger.entry for values from ('2026-01-01') to ('2027-01-01')`,
    `create table ledger.rate (currency char(3) primary key, factor real not null, precise numeric)`,
    `create table ledger.by_status (status sales.order_status not null, amount int) partition by hash (status)`,
    `create table ledger.by_status_0 partition of ledger.by_status for values with (modulus 2, remainder 0)`,
    `create table ledger.by_status_1 partition of ledger.by_status for values with (modulus 2, remainder 1)`,
    ...[0, 1].map(
      (n) => `alter table ledger.by_status_${String(n)} alter amount set default 1,
       add constraint amount_sane check (amount >= 0)`,
    ),
    `create table public.document (id int primary key, name text not null, body bytea not null)`,
    `create table public.journal (line int not null, entry text not null)`,
    `create table public.base (kind text)`,
    `create table public.derived (weight int, height int) inherits (public.base)`,
    `create unlogged table public.cache (key text, value text)`,
    `create table public.attachment (id int primary key, object oid)`,
    `create table public.east (id int not null, town text)`,
    `create table public.west (id int not null, town text)`,
    `create table public.extreme (
       id int not null, double float8, single real, big bigint, exact numeric, path text, lines text, accent text, word text,
       plain_json json, binary_json jsonb, moment timestamp, instant timestamptz, midnight time, zoned timetz, day date,
       span interval, bits varbit, numbers int[], square int[], words text[], home sales.address, period numrange,
       nothing int4range, map hstore, address inet, bytes bytea)`,
    `create sequence ledger.number start 1000 increment 5`,
    `create sequence ledger.untouched`,
    `insert into sales.customer (code, name, note, tags, profile, extra, home, rating)
       select 'C' || lpad(i::text, 4, '0'), (array['Al Noor', 'Blå Havn', 'Karachi', 'Lisboa ção'])[1 + i % 4] || ' ' || i,
              case i % 3 when 0 then '' when 1 then 'été ' || i end, array['tier' || i % 3], jsonb_build_object('vat', md5(i::text)),
              hstore('k' || i, 'v'), row('street ' || i, 'city')::sales.address, i / 7.0::float8
         from generate_series(1, 120) i`,
    `insert into sales.invoice (customer_id, status, issued_on, note, total, paid)
       select 1 + i % 120, (array['draft', 'confirmed', 'shipped', 'invoiced']::sales.order_status[])[1 + i % 4],
              date '2025-01-01' + i % 600, case when i % 3 = 0 then 'Ref ' || md5(i::text) end, i % 5000 + 0.50, i % 2 = 0
         from generate_series(1, 400) i`,
    `insert into sales.invoice_line select i, l, i % 20 + 0.125, repeat('memo ', i % 4)
       from generate_series(1, 400) i, generate_series(1, 2) l`,
    `insert into sales.archived_invoice select * from sales.invoice where id <= 20`,
    `insert into ledger.entry
       select i, timestamptz '2025-01-01 00:00+00' + (i % 700) * interval '1 day', 1000 + i % 40,
              case when i % 2 = 0 then i / 2 % 900 else 0 end, case when i % 2 = 1 then i / 2 % 900 else 0 end
         from generate_series(2, 801) i`,
    `insert into ledger.rate values ('AED', 3.6725, 3.672500), ('PKR', 278.1, 278.10), ('EUR', 0.86, null)`,
    `insert into ledger.by_status select s, i from unnest(enum_range(null::sales.order_status)) s, generate_series(1, 20) i`,
    `insert into public.document select i, 'doc-' || i || '.pdf', decode(string_agg(md5((i * 1000 + j)::text), ''), 'hex')
       from generate_series(1, 32) i, generate_series(1, 1000) j group by i`,
    `insert into public.journal select i, md5(i::text) || repeat(' line', i % 9) from generate_series(1, 14000) i`,
    `insert into public.east values (1, 'Karachi'), (2, 'Lahore')`,
    `insert into public.west values (1, 'Lisboa'), (2, 'Porto')`,
    String.raw`insert into public.extreme
       select i, case i when 1 then '-0'::float8 else i / 3.0 end, case i when 1 then 'NaN' else '0.1' end::real,
              9007199254740992 + i, 12345678901234567.89 + i, 'C:\dir\' || i, E'first\n\tsecond ' || i, U&'e\0301' || i,
              case i when 1 then '\N' else 'word' end, case i when 1 then '{ "b": 1, "a": 2, "a": 3 }' else '{}' end::json,
              '{"price": 1.50}', case i when 1 then 'infinity' else '2026-01-01 12:00' end::timestamp,
              '2026-03-29 01:59:59.999999+00', '24:00', '12:00:00+02', '0044-03-15 BC', '1 mon', B'0001', '[0:1]={5,6}',
              '{{1,2},{3,4}}', '{NULL,"NULL"}', row(null, null)::sales.address, '[1.0,5.0]', 'empty', 'k=>NULL', '10.0.0.1/8', '\x610062'
         from generate_series(1, 3) i`,
    `insert into public.base values ('plain')`,
    `insert into public.derived values ('special', 7, 5)`,
    `insert into public.cache values ('k', 'v')`,
    `insert into public.attachment select i, lo_from_bytea(40000 + i, decode(repeat(md5(i::text), 100), 'hex')) from generate_series(1, 5) i`,
    `alter large object 40001 owner to challenge_owner`,
    `grant select on large object 40002 to challenge_reader`,
    `comment on large object 40003 is 'a signed contract'`,
    `select setval('ledger.number', 1500)`,
    `create function sales.touch() returns trigger language plpgsql as $$ begin new.note := coalesce(new.note, '') || '.'; return new; end $$`,
    `create function ledger.balance(account int) returns numeric language sql stable security definer set search_path = ''
       as $$ select coalesce(sum(debit) - sum(credit), 0) from ledger.entry e where e.account = balance.account $$`,
    `create function sales.on_ddl() returns event_trigger language plpgsql as $$ begin end $$`,
    `create index invoice_customer_date on sales.invoice (customer_id, issued_on)`,
    `create index customer_lower on sales.customer (lower(name)) where note is not null`,
    `create index entry_account on ledger.entry (account, posted_at)`,
    `create statistics sales.invoice_related (dependencies) on customer_id, status from sales.invoice`,
    `create trigger invoice_touch before update on sales.invoice for each row execute function sales.touch()`,
    `create rule keep_rates as on delete to ledger.rate do instead nothing`,
    `create view sales.open_invoice as
       select i.id, i.total, c.name from sales.invoice i join sales.customer c on c.id = i.customer_id where i.status <> 'invoiced'`,
    `create materialized view ledger.trial_balance as
       select account, sum(debit) as debit, sum(credit) as credit from ledger.entry group by account`,
    `create materialized view ledger.unpopulated as select 1 as one with no data`,
    `alter table sales.customer enable row level security`,
    `alter table sales.customer force row level security`,
    `create policy by_tier on sales.customer for select to challenge_reader using (tags @> array[current_setting('app.tier', true)])`,
    `create policy by_tier_changed on sales.customer for update to challenge_reader using (tags @> array[current_setting('app.tier', true)])`,
    `create publication outgoing for table sales.invoice`,
    `create event trigger watch_ddl on ddl_command_end execute function sales.on_ddl()`,
    `alter default privileges for role challenge_owner in schema sales grant select on tables to challenge_reader`,
    `alter table sales.invoice owner to challenge_owner`,
    `alter table sales.customer owner to challenge_owner`,
    `alter function ledger.balance(int) owner to challenge_owner`,
    `grant usage on schema sales to challenge_reader`,
    `grant select on sales.invoice to challenge_reader`,
    `grant update (note) on sales.customer to challenge_reader`,
    `revoke execute on function ledger.balance(int) from public`,
    `revoke execute on function public.hstore_to_matrix(public.hstore) from public`,
    `grant execute on function public.hstore_to_matrix(public.hstore) to challenge_reader`,
    `comment on table sales.invoice is 'what customers owe'`,
    `comment on column sales.invoice.total is 'with tax'`,
    `comment on schema ledger is 'double entry'`,
    ...tenantObjects,
  ],
};

/** Statements about what verification refuses to load into a server without walls (trap 20). */
export function takesWalls(statement: string): boolean {
  return /\b(?:event trigger|far|far_\w+|plother)\b/.test(statement);
}
