-- Foreign keys that are circular, deferrable, to themselves or not validated; exclusion, NOT VALID, and their friends.
create extension btree_gist;
create table public.chicken (id int primary key, egg int not null, v text);
create table public.egg (id int primary key, chicken int not null);
begin;
alter table public.chicken add constraint laid_by foreign key (egg) references public.egg (id) deferrable initially deferred;
alter table public.egg add constraint hatched_from foreign key (chicken) references public.chicken (id) on delete cascade deferrable initially immediate;
set constraints all deferred;
insert into public.chicken select n, 1001 - n, 'c' from generate_series(1, 1000) n;
insert into public.egg select n, 1001 - n from generate_series(1, 1000) n;
commit;
create table public.tree (id int primary key, parent int references public.tree (id) on update cascade on delete set null);
insert into public.tree select n, case when n < 500 then n + 1 end from generate_series(1, 500) n;
create table public.old_rules (a int, b text);
insert into public.old_rules values (-1, 'breaks both'), (5, 'fine');
alter table public.old_rules add constraint positive check (a > 0) not valid;
alter table public.old_rules add constraint in_tree foreign key (a) references public.tree (id) not valid;
alter table public.old_rules add constraint listed check (b in ('fine', 'good')) not valid;
create table public.booking (room int, span tstzrange, cancelled bool default false, constraint one_at_a_time exclude using gist (room with =, span with &&) where (not cancelled));
insert into public.booking select n % 5, tstzrange(timestamptz '2026-01-01' + n * interval '1 hour', timestamptz '2026-01-01' + n * interval '1 hour' + interval '5 hours') from generate_series(1, 300) n;
create table public.swap (id int, pos int, constraint pos_once unique (pos) deferrable initially deferred);
insert into public.swap select n, n from generate_series(1, 50) n;
\if :since_15
create table public.nulls_once (a int, b int, unique nulls not distinct (a, b), primary key (b) include (a));
\else
create table public.nulls_once (a int, b int, unique (a, b), primary key (b) include (a));
\endif
insert into public.nulls_once values (null, 1), (1, 2);
create table public.target (a int not null, b int not null, v text, unique (a, b));
insert into public.target select n, n % 3, 'v' from generate_series(1, 90) n;
\if :since_15
create table public.multi (a int, b int, c int, constraint full_match foreign key (a, b) references public.target (a, b) match full, constraint some_column foreign key (c, b) references public.target (a, b) on delete set null (c));
\else
create table public.multi (a int, b int, c int, constraint full_match foreign key (a, b) references public.target (a, b) match full, constraint some_column foreign key (c, b) references public.target (a, b) on delete set null);
\endif
insert into public.multi select n, n % 3, n from generate_series(1, 90) n where n % 2 = 0;
insert into public.multi values (null, null, null);
alter table public.target replica identity using index target_a_b_key;
alter table public.booking replica identity full;
alter table public.swap replica identity nothing;
cluster public.tree using tree_pkey;
create table public.respelled (s varchar(10) check (s in ('a', 'b')), t text constraint "odd name" check (t like 'x%' or t is null), n int check (n between 1 and 5));
insert into public.respelled values ('a', 'x1', 3), ('b', null, null);
create index respelled_partial on public.respelled (n) where s in ('a', 'b');
create unique index lower_once on public.target (v, (a + b) desc nulls last) include (b) with (fillfactor = 55);
create index brin_index on public.tree using brin (id) with (pages_per_range = 4);
create index hash_index on public.tree using hash (id);
create index gin_index on public.old_rules using gin (to_tsvector('simple', b)) with (fastupdate = off);
alter index lower_once alter column 2 set statistics 300;
create domain public.later as text;
create table public.uses_later (v public.later);
insert into public.uses_later values ('short'), (null), ('');
alter domain public.later add constraint long_enough check (length(value) > 2) not valid;
