-- One configuration table with a filter, one without, a configuration sequence, and a table that is not configuration.
create sequence setting_id;
create table setting (id int primary key default nextval('setting_id'), name text not null unique, shipped boolean not null default false);
insert into setting (name, shipped) values ('built in', true), ('also built in', true);
create table whole (k text primary key, v text);
insert into whole values ('shipped', 'default');
create table child (setting int references setting (id), v text);
-- What refers to a row of the script's, and what a trigger makes of rows that come.
create table job (id int primary key, setting int not null references setting (id) on delete restrict, note text not null);
create function mark_job() returns trigger language plpgsql as $$ begin new.note := new.note || '!'; return new; end $$;
create trigger mark before insert or update on job for each row execute function mark_job();
-- What watches over a state that a load comes to at its end alone.
create table guarded (tab text primary key);
create function guard() returns event_trigger language plpgsql as $$
begin
  if not pg_catalog.has_schema_privilege('@extschema@', 'usage')
    or not pg_catalog.has_table_privilege('@extschema@.guarded', 'select') then
    return;
  end if;
  if exists (select from @extschema@.guarded
              where (select relacl from pg_catalog.pg_class where oid = pg_catalog.to_regclass(tab)) is null) then
    raise exception 'nobody may read a table that is guarded';
  end if;
end $$;
create event trigger holdfast_corner_guard on ddl_command_end execute function guard();
create table private_state (id int);
insert into private_state values (1);
create function setting_count() returns bigint language sql stable as 'select count(*) from @extschema@.setting';
select pg_catalog.pg_extension_config_dump('setting', 'where not shipped');
select pg_catalog.pg_extension_config_dump('whole', '');
select pg_catalog.pg_extension_config_dump('child', '');
select pg_catalog.pg_extension_config_dump('job', '');
select pg_catalog.pg_extension_config_dump('guarded', '');
select pg_catalog.pg_extension_config_dump('setting_id', '');
create materialized view setting_names as select name from setting;
-- What is no member of the extension, and what is another's.
create publication holdfast_corner_told for table setting;
do $$ begin if not exists (select from pg_catalog.pg_roles where rolname = 'holdfast_corner_keeper') then create role holdfast_corner_keeper; end if; end $$;
create table kept (a int);
alter table kept owner to holdfast_corner_keeper;
create function keep() returns int language sql as 'select 1';
alter function keep() owner to holdfast_corner_keeper;
