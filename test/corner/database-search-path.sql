-- Functions that rely on the search_path of the database: loading and indexing fail under any other.
create schema app;
create schema tools;
select format('alter database %I set search_path = app, tools, public', current_database()) \gexec
\connect
create function tools.fold(t text) returns text language plpgsql immutable as $$begin return lower(t); end$$;
create function app.key_of(t text) returns text language plpgsql immutable as $$begin return fold(t) || '!'; end$$;
create table app.item (id int primary key, name text check (app.key_of(name) <> '!'), note text);
insert into app.item select n, 'Item ' || n from generate_series(1, 500) n;
-- From 17 on indexes and views that are stored are made under a search_path of nothing but the system's.
\if :since_17
create index item_key on app.item (name);
\else
create index item_key on app.item (app.key_of(name));
\endif
create table app.derived_item (id int, name text, k text generated always as (app.key_of(name)) stored);
insert into app.derived_item (id, name) select n, 'Thing ' || n from generate_series(1, 100) n;
\if :since_17
\else
create materialized view app.keys as select app.key_of(name) as k from app.item;
\endif
create domain app.keyed as text check (app.key_of(value) like '%!');
create table app.uses_domain (v app.keyed);
insert into app.uses_domain values ('a'), ('b');
