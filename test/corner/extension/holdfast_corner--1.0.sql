-- One configuration table with a filter, one without, a configuration sequence, and a table that is not configuration.
create sequence setting_id;
create table setting (id int primary key default nextval('setting_id'), name text not null unique, shipped boolean not null default false);
insert into setting (name, shipped) values ('built in', true), ('also built in', true);
create table whole (k text primary key, v text);
insert into whole values ('shipped', 'default');
create table child (setting int references setting (id), v text);
create table private_state (id int);
insert into private_state values (1);
create function setting_count() returns bigint language sql stable as 'select count(*) from @extschema@.setting';
select pg_catalog.pg_extension_config_dump('setting', 'where not shipped');
select pg_catalog.pg_extension_config_dump('whole', '');
select pg_catalog.pg_extension_config_dump('child', '');
select pg_catalog.pg_extension_config_dump('setting_id', '');
