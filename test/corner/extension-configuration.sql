-- An extension's configuration tables: rows added, shipped rows changed and removed; and rows that belong to nobody.
create schema corner_ext;
create extension holdfast_corner schema corner_ext;
insert into corner_ext.setting (name) select 'own ' || n from generate_series(1, 50) n;
update corner_ext.setting set name = 'renamed' where name = 'built in';
delete from corner_ext.setting where name = 'also built in';
update corner_ext.whole set v = 'changed';
insert into corner_ext.whole values ('added', 'by us');
insert into corner_ext.child select id, 'child of ' || name from corner_ext.setting;
grant select on corner_ext.setting to corner_reader;
create table public.beside (id int);
insert into public.beside select generate_series(1, 9);
create index on public.beside (id);
grant select on public.beside to corner_reader;
insert into corner_ext.guarded values ('public.beside');
insert into corner_ext.job select n, 1, 'job ' || n from generate_series(1, 20) n;
