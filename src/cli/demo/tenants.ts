/** The tenants of the demo: small, but with what real ones have. */

export interface DemoTenant {
  readonly id: string;
  readonly database: string;
  /** Set where the tenant is a schema in a shared database. */
  readonly schema: string | null;
  readonly plan: string;
}

export const demoTenants: readonly DemoTenant[] = [
  { id: "acme", database: "acme", schema: null, plan: "enterprise" },
  { id: "bravo", database: "shared", schema: "bravo", plan: "standard" },
  { id: "carrot", database: "shared", schema: "carrot", plan: "business" },
];

/** Run on the server: the owners of the tenants, who may not log in, and the databases. */
export const demoServerSql: readonly string[] = [
  "create role acme_owner; create role acme_reader; create role bravo_owner; create role carrot_owner",
  "create database acme owner acme_owner template template0 encoding 'UTF8' locale 'C'",
  "create database shared template template0 encoding 'UTF8' locale 'C'",
  "revoke connect on database acme from public",
  "alter database acme set timezone = 'Asia/Dubai'",
];

/** A tenant that is a database: an ERP with a ledger that must balance, documents and large objects. */
export const acmeSql = `
  set role acme_owner;
  create schema sales; create schema ledger;
  create type sales.order_status as enum ('draft','confirmed','shipped','invoiced');
  create domain ledger.money_amount as numeric(18,4) check (value is not null);
  create table sales.customer (
    id bigint generated always as identity primary key, code text not null unique, name text not null,
    tags text[] not null default '{}', profile jsonb not null,
    name_lower text generated always as (lower(name)) stored);
  create table sales.invoice (
    id bigserial primary key, customer_id bigint not null references sales.customer,
    status sales.order_status not null, issued_on date not null, note text, total numeric(14,2) not null);
  create table sales.invoice_line (
    invoice_id bigint references sales.invoice on delete cascade, line_no int, qty numeric(10,3) not null,
    unit_price numeric(12,2) not null, memo text, primary key (invoice_id, line_no));
  create table ledger.entry (
    id bigint not null, posted_at timestamptz not null, account int not null,
    debit ledger.money_amount, credit ledger.money_amount, primary key (id, posted_at)) partition by range (posted_at);
  create table ledger.entry_2025 partition of ledger.entry for values from ('2025-01-01') to ('2026-01-01');
  create table ledger.entry_2026 partition of ledger.entry for values from ('2026-01-01') to ('2027-01-01');
  create table public.document (id bigserial primary key, name text not null, body bytea not null);
  insert into sales.customer (code, name, tags, profile)
    select 'C' || lpad(i::text, 6, '0'), (array['Al Noor','Blue Harbour','Karachi','Lisbon'])[1 + i % 4] || ' Trading ' || i,
           array['tier' || i % 3], jsonb_build_object('vat', md5(i::text), 'terms', 30 + i % 60)
      from generate_series(1, 3000) i;
  insert into sales.invoice (customer_id, status, issued_on, note, total)
    select 1 + i % 3000, (array['draft','confirmed','shipped','invoiced']::sales.order_status[])[1 + i % 4],
           date '2025-01-01' + i % 600, case when i % 3 = 0 then 'Ref ' || md5(i::text) end, i % 5000
      from generate_series(1, 12000) i;
  insert into sales.invoice_line
    select i, l, i % 20, i % 900, case when i % 5 = 0 then repeat(md5(i::text), i % 4) end
      from generate_series(1, 12000) i, generate_series(1, 4) l;
  insert into ledger.entry
    select i, timestamptz '2025-01-01' + (i % 700) * interval '1 day', 1000 + i % 400,
           case when i % 2 = 0 then i / 2 % 9000 else 0 end, case when i % 2 = 1 then i / 2 % 9000 else 0 end
      from generate_series(2, 40001) i;
  insert into public.document (name, body)
    select 'doc-' || i || '.pdf', decode(string_agg(md5((i * 1000 + j)::text), ''), 'hex')
      from generate_series(1, 150) i, generate_series(1, 300) j group by i;
  select lo_from_bytea(0, decode(repeat(md5(i::text), 200), 'hex')) from generate_series(1, 8) i;
  create index on sales.invoice (customer_id, issued_on);
  create index on ledger.entry (account, posted_at);
  create materialized view ledger.trial_balance as
    select account, sum(debit) as debit, sum(credit) as credit from ledger.entry group by account;
  create view sales.open_invoice as
    select i.id, i.total, c.name from sales.invoice i join sales.customer c on c.id = i.customer_id where i.status <> 'invoiced';
  alter table sales.customer enable row level security;
  create policy by_tier on sales.customer using (tags @> array[current_setting('app.tier', true)]);
  grant usage on schema sales to acme_reader; grant select on all tables in schema sales to acme_reader;`;

/** A tenant that is a schema beside others in one database. */
export function schemaTenantSql(schema: string, rows: number): string {
  return `
  create schema ${schema} authorization ${schema}_owner;
  set role ${schema}_owner;
  create table ${schema}.item (id bigint generated by default as identity primary key, sku text not null unique, stock int not null, note text);
  create table ${schema}.movement (id bigserial primary key, item_id bigint not null references ${schema}.item, moved_at timestamptz not null, qty int not null);
  insert into ${schema}.item (sku, stock, note) select 'SKU-' || i, i % 90, repeat('note ', i % 7) from generate_series(1, ${String(rows)}) i;
  insert into ${schema}.movement (item_id, moved_at, qty)
    select 1 + i % ${String(rows)}, timestamptz '2026-01-01' + i * interval '1 minute', i % 40 - 20 from generate_series(1, ${String(rows * 4)}) i;
  create function ${schema}.touch() returns trigger language plpgsql as $$begin new.note := coalesce(new.note, '') || '.'; return new; end$$;
  create trigger item_touch before update on ${schema}.item for each row execute function ${schema}.touch();`;
}

/** A working day at acme: some new rows, some changed ones, and the ledger still balances. */
export const acmeDaySql = `
  insert into sales.invoice (customer_id, status, issued_on, note, total)
    select 1 + i % 3000, 'confirmed', date '2026-11-20', 'Day ' || i, i from generate_series(1, 200) i;
  update sales.invoice set status = 'invoiced' where id % 100 = 0;
  insert into ledger.entry
    select 1000000 + i, timestamptz '2026-11-20 08:00+00' + i * interval '1 second', 1000 + i % 400,
           case when i % 2 = 0 then i / 2 else 0 end, case when i % 2 = 1 then i / 2 else 0 end
      from generate_series(2, 401) i;`;
