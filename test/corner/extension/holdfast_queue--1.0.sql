\echo Use "CREATE EXTENSION holdfast_queue" to load this file. \quit

create schema holdfast_queue;
grant usage on schema holdfast_queue to public;
create table holdfast_queue.queue (name text primary key, writes_to text not null);
select pg_catalog.pg_extension_config_dump('holdfast_queue.queue', '');
create table holdfast_queue.event (what text);
create function holdfast_queue.insert_event(queue text, what text) returns void language plpgsql security definer
  set search_path = '' as $$
  begin
    execute format('insert into %s values ($1)', (select q.writes_to from holdfast_queue.queue q where q.name = queue)) using what;
  end
$$;
