-- Event triggers that would refuse or record every statement of a restore that came after them.
create schema watch;
create table watch.ddl (at timestamptz default now(), tag text);
insert into watch.ddl (at, tag) values ('2026-01-01', 'by hand');
create function watch.record() returns event_trigger language plpgsql as $$begin insert into watch.ddl (tag) values (tg_tag); end$$;
create function watch.refuse() returns event_trigger language plpgsql as $$begin raise exception '% is refused by an event trigger', tg_tag; end$$;
create table public.watched (id int primary key, v text);
insert into public.watched select n, md5(n::text) from generate_series(1, 100) n;
create materialized view public.watched_sum as select count(*) from public.watched;
create event trigger z_record on ddl_command_end execute function watch.record();
create event trigger b_rewrite on table_rewrite execute function watch.refuse();
alter event trigger b_rewrite enable replica;
create event trigger c_off on ddl_command_start execute function watch.refuse();
alter event trigger c_off disable;
create event trigger a_refuse on ddl_command_start when tag in ('CREATE INDEX', 'ALTER TABLE', 'REFRESH MATERIALIZED VIEW', 'GRANT') execute function watch.refuse();
delete from watch.ddl where tag <> 'by hand';
