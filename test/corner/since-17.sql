-- What 17 brought: MAINTAIN, event triggers on login, identity and exclusion on partitioned tables, SQL/JSON tables.
create extension btree_gist;
create table public.parted (id bigint generated always as identity (start with 50 increment by 5), at date not null, v text, span int4range,
  exclude using gist (at with =, span with &&)) partition by range (at);
create table public.parted_1 partition of public.parted for values from ('2024-01-01') to ('2025-01-01');
create table public.parted_2 partition of public.parted for values from ('2025-01-01') to ('2026-01-01') partition by list (at);
create table public.parted_2a partition of public.parted_2 default;
insert into public.parted (at, v, span) select date '2024-06-01' + n * 3, 'v' || n, int4range(n, n + 2) from generate_series(1, 150) n;
create table public.attached (id bigint not null, at date not null, v text, span int4range);
insert into public.attached values (9000, '2026-05-05', 'before', '[1,2)');
alter table public.parted attach partition public.attached for values from ('2026-01-01') to ('2027-01-01');
create access method heap_too type table handler heap_tableam_handler;
create table public.by_method (k int, v text) partition by hash (k) using heap_too;
create table public.by_method_0 partition of public.by_method for values with (modulus 2, remainder 0);
create table public.by_method_1 partition of public.by_method for values with (modulus 2, remainder 1) using heap;
insert into public.by_method select n, 'm' || n from generate_series(1, 80) n;
create table public.document (id int primary key, body jsonb, way interval);
insert into public.document select n, jsonb_build_object('items', jsonb_build_array(n, n + 1), 'name', 'doc ' || n), case n % 3 when 0 then 'infinity' when 1 then '-infinity' else '1 day' end::interval
  from generate_series(1, 60) n;
create view public.items as select d.id, t.* from public.document d,
  json_table(d.body, '$' columns (name text path '$.name', nested path '$.items[*]' columns (place for ordinality, item int path '$' default -1 on empty error on error))) t;
create view public.asked as select json_value(body, '$.name' returning text) as name, json_query(body, '$.items' with conditional wrapper keep quotes) as items,
  json_exists(body, 'strict $.items[0]' error on error) as some, json_scalar(id) as scalar, json_serialize(body::json returning text) as text from public.document;
create materialized view public.counted as select count(*) as n, max(way) as longest from public.document;
create function public.merged(int) returns setof text language sql begin atomic
  merge into public.document d using (values ($1)) as s (id) on d.id = s.id
    when matched then update set way = '2 days' when not matched by source and d.id < 0 then delete when not matched by target then insert (id) values (s.id)
    returning merge_action(); end;
grant maintain on public.document to corner_reader;
grant maintain on all tables in schema public to corner_group with grant option;
alter default privileges for role corner_owner in schema public grant maintain, select on tables to corner_reader;
create schema watch;
create table watch.login (at timestamptz default now(), who text);
create function watch.note_login() returns event_trigger language plpgsql as $$begin raise exception 'a trigger on login fired'; end$$;
create event trigger on_login on login execute function watch.note_login();
alter event trigger on_login disable;
create event trigger on_login_replica on login execute function watch.note_login();
alter event trigger on_login_replica enable replica;
create function watch.reindexed() returns event_trigger language plpgsql as $$begin raise exception 'a trigger on REINDEX fired'; end$$;
create event trigger on_reindex on ddl_command_start when tag in ('REINDEX') execute function watch.reindexed();
create subscription with_failover connection 'host=127.0.0.1 port=1 dbname=nowhere password=canary' publication p with (connect = false, slot_name = 'corner_failover', enabled = false, failover = true);
create collation public.plain (provider = builtin, locale = 'C.UTF-8');
create collation public.bytes (provider = builtin, locale = 'C');
create table public.cased (v text collate public.plain, b text collate public.bytes, u text generated always as (upper(v)) stored);
insert into public.cased (v, b) values ('straße', 'ß'), ('ǆ', 'Ǆ'), ('ﬃ', 'é');
create index cased_lower on public.cased (lower(v));
select lo_create(42_000_000 + n) from generate_series(1, 30) n \g /dev/null
alter large object 42000001 owner to corner_owner;
grant select on large object 42000002 to corner_reader;
comment on large object 42000003 is 'one of many';
