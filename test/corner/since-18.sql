-- What 18 brought: keys over time, NOT NULL with names, virtual columns, constraints that are not enforced.
create extension btree_gist;
create table public.employment (id int, valid_at daterange not null, title text, constraint one_at_a_time primary key (id, valid_at without overlaps));
insert into public.employment select n % 20, daterange(date '2020-01-01' + (n / 20) * 30, date '2020-01-01' + (n / 20) * 30 + 30), 't' || n from generate_series(0, 199) n;
create table public.badge (id int, employee int, valid_at daterange,
  constraint badge_once unique (employee, valid_at without overlaps) deferrable,
  constraint of_employee foreign key (employee, period valid_at) references public.employment (id, period valid_at));
insert into public.badge select n, n % 20, daterange(date '2020-02-01' + n, date '2020-02-02' + n) from generate_series(1, 60) n;
create table public.parted_time (id int, at int4multirange, primary key (id, at without overlaps)) partition by list (id);
create table public.parted_time_1 partition of public.parted_time for values in (1, 2, 3);
insert into public.parted_time values (1, '{[1,3),[5,9)}'), (1, '{[3,5)}'), (2, '{[1,100)}');

create table public.priced (net numeric not null, rate numeric default 5, gross numeric generated always as (round(net * (1 + rate / 100), 2)) virtual,
  kept numeric generated always as (net * 2) stored, label text generated always as ('n ' || net));
insert into public.priced (net, rate) select n * 1.1, case when n % 3 = 0 then null else n end from generate_series(1, 120) n;
create table public.only_virtual (v int generated always as (7));
insert into public.only_virtual default values;
insert into public.only_virtual default values;
create view public.grossed as select net, gross, label from public.priced where gross > 10;
create materialized view public.gross_total as select sum(gross) as total, count(label) as labels from public.priced;
create table public.virtual_parted (k int, v int generated always as (k + 1)) partition by range (k);
create table public.virtual_parted_1 partition of public.virtual_parted for values from (0) to (10);
create table public.virtual_parted_2 (v int generated always as (k * 2), k int);
alter table public.virtual_parted attach partition public.virtual_parted_2 for values from (10) to (20);
insert into public.virtual_parted (k) select n from generate_series(0, 19) n;

create table public.named (a int constraint "a is there" not null, b text not null, c int, d int constraint mine not null no inherit, e int);
insert into public.named select n, 'b', null, n, case when n > 3 then n end from generate_series(1, 12) n;
alter table public.named add constraint later not null e not valid;
comment on constraint "a is there" on public.named is 'a constraint that was none before';
comment on constraint later on public.named is 'not yet true';
create table public.named_child (f int not null) inherits (public.named);
insert into public.named_child select n, 'b', n, null, n, n from generate_series(1, 5) n;
create table public.named_own (a int constraint child_says not null, e int constraint also_here not null) inherits (public.named);
create table public.nobody_above (a int, c int not null);
create table public.below () inherits (public.nobody_above);
alter table public.below add constraint only_here not null a;
create table public.key_named (id int constraint id_there not null, constraint key_named_pkey primary key (id));
create table public.parted_nulls (k int constraint k_there not null, v text) partition by range (k);
create table public.parted_nulls_1 partition of public.parted_nulls (v constraint v_there not null) for values from (0) to (10);
create table public.parted_nulls_2 (v text, k int constraint other_name not null);
alter table public.parted_nulls attach partition public.parted_nulls_2 for values from (10) to (20);
alter table public.parted_nulls add constraint v_later not null v not valid;
create domain public.sure as int constraint is_sure not null constraint positive check (value > 0);
create table public.uses_sure (v public.sure);
insert into public.uses_sure values (1), (2);

create table public.target (id int primary key, v int);
insert into public.target select n, n from generate_series(1, 20) n;
create table public.lax (id int constraint never_checked check (id > 100) not enforced, t int,
  constraint nowhere foreign key (t) references public.target (id) on delete cascade not enforced,
  constraint checked_at_end foreign key (id) references public.target (id) deferrable initially deferred);
insert into public.lax select n, 900 + n from generate_series(1, 15) n;
create table public.lax_parted (k int, t int, constraint k_small check (k < 5) not enforced) partition by range (k);
create table public.lax_parted_1 partition of public.lax_parted for values from (0) to (100);
insert into public.lax_parted select n, n + 500 from generate_series(1, 30) n;
alter table public.lax_parted add constraint lax_key foreign key (t) references public.target (id) not valid;
alter table public.lax_parted add constraint lax_never foreign key (k) references public.target (id) not enforced;

create function public.changed() returns setof public.target language sql begin atomic update public.target set v = v + 1 where id = 1 returning new.*; end;
create rule told as on update to public.target do also notify told;
create view public.casefolded as select casefold('STRASSE') as c, uuidv7() is not null as u, array_sort(array[3, 1]) as s, crc32('x'::bytea) as k;
create table public.sevens (id uuid default uuidv7(), v text collate "pg_c_utf8");
insert into public.sevens select ('01890000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'é' || n from generate_series(1, 30) n;
create collation public.folding (provider = builtin, locale = 'PG_UNICODE_FAST');
create table public.folded (v text collate public.folding, w text generated always as (casefold(v collate public.folding)) stored);
insert into public.folded (v) values ('Straße'), ('ΣΑΣ'), ('ﬃ');
create collation public.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table public.liked (v text collate public.loose check (v like 'a%'));
insert into public.liked values ('Abc'), ('abC');
create table public.published (id int primary key, v int generated always as (id * 2) stored);
insert into public.published select generate_series(1, 10);
create publication with_generated for table public.published with (publish_generated_columns = stored);
create publication without_generated for table public.published (id) with (publish_generated_columns = none);
alter default privileges for role corner_owner grant select, update on large objects to corner_reader;
alter default privileges for role corner_owner grant maintain on tables to corner_group with grant option;
create subscription later_two_phase connection 'host=127.0.0.1 port=1 dbname=nowhere password=canary' publication p with (connect = false, slot_name = none, enabled = false, two_phase = true);
create extension postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
create foreign table public.far (id int constraint far_id not null, v text not null no inherit, constraint far_check check (id > 0) not enforced) server elsewhere options (schema_name 's', table_name 't');
analyze;
