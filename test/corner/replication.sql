-- Publications of every shape.
create schema pub;
create table public.one (id int primary key, a int, b text);
create table public.two (id int primary key, a int);
create table pub.three (id int primary key);
insert into public.one select n, n, 'b' from generate_series(1, 100) n;
insert into pub.three select generate_series(1, 10);
create publication everything for all tables with (publish = 'insert, truncate');
\if :since_15
create publication partly for table public.one (id, a) where (a > 5 and b <> 'x'), table public.two with (publish_via_partition_root = true);
create publication schema_wide for tables in schema pub;
\else
create publication partly for table public.one, public.two with (publish_via_partition_root = true);
\endif
create publication nothing;
create table public.parted (id int primary key) partition by range (id);
create table public.parted_1 partition of public.parted for values from (0) to (10);
create publication only_inserts for table only public.parted with (publish = 'insert');
