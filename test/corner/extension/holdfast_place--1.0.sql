\echo Use "CREATE EXTENSION holdfast_place" to load this file. \quit

-- As some extensions do that want to be found; they go by what a session begins with.
do $$
begin
  execute format('alter database %I set search_path = %s, places', current_database(),
    (select reset_val from pg_settings where name = 'search_path'));
end
$$;

grant usage on schema places to public;
create table places.system (id int primary key, name text not null);
insert into places.system values (1, 'one'), (2, 'two');
create function places.secret() returns int language sql as 'select 1';
revoke execute on function places.secret() from public;

create schema places_hidden;
create table places_hidden.fact (name text);
insert into places_hidden.fact values ('of few');

create schema places_data;
create table places_data.street (id serial, name text default 'none' check (length(name) > 0));

-- Of whoever installs it, for what comes later; in its own schemas and everywhere.
alter default privileges in schema places grant select on tables to pg_monitor;
alter default privileges in schema places_data grant usage on sequences to pg_monitor;
alter default privileges grant execute on routines to pg_monitor;
