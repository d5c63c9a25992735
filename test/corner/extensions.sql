-- Types, indexes and operator classes that belong to extensions, in schemas of their own.
create schema ext;
create schema "Ext Räume";
create extension hstore schema ext;
create extension citext schema public;
create extension ltree schema "Ext Räume";
create extension pg_trgm schema ext;
create extension btree_gin schema ext;
create extension btree_gist;
create extension pgcrypto schema ext;
create extension "uuid-ossp" schema ext;
create extension intarray schema public;
create extension cube schema ext;
create extension earthdistance schema ext;
create extension unaccent schema ext;
create extension isn schema ext;
create extension seg schema ext;
create extension tablefunc schema ext;
create extension tcn schema ext;
create extension lo schema ext;
create extension bloom schema ext;
create table public.uses (
  id int primary key, h ext.hstore, c public.citext unique, path "Ext Räume".ltree, k ext.cube, book ext.isbn, s ext.seg,
  u uuid default ext.uuid_generate_v4(), tags int[], v text);
insert into public.uses (id, h, c, path, k, book, s, tags, v)
  select n, ext.hstore('k' || n, case when n % 3 = 0 then null else '"v' || n end), 'Citext ' || n, ('a.b' || n || '.c')::"Ext Räume".ltree, ext.cube(n, n + 1), '978-0-306-40615-7', '1.50 .. 2.5e1', array[n, n % 3], md5(n::text)
  from generate_series(1, 800) n;
create index on public.uses using gin (v ext.gin_trgm_ops, id);
create index on public.uses using gist (path);
create index on public.uses using gin (h);
create index on public.uses using gist (k);
create index on public.uses using gin (tags public.gin__int_ops);
create index on public.uses using bloom (id, v);
create domain public.mail as public.citext check (value ~ '@');
create table public.mails (m public.mail, ms public.citext[]);
insert into public.mails values ('A@b', '{X,x}');
create trigger tell after update on public.uses for each row execute function ext.triggered_change_notification();
comment on extension hstore is 'our own words about hstore';
