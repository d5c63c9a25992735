-- A subscription that is not connected; only a superuser's dump holds it.
create table public.received (id int primary key, v text);
insert into public.received select n, md5(n::text) from generate_series(1, 50) n;
\if :since_14
create subscription from_elsewhere connection 'host=127.0.0.1 port=1 dbname=nowhere password=canary' publication partly, "Other One"
  with (connect = false, slot_name = none, enabled = false, binary = true, synchronous_commit = 'remote_apply');
\else
create subscription from_elsewhere connection 'host=127.0.0.1 port=1 dbname=nowhere password=canary' publication partly, "Other One"
  with (connect = false, slot_name = none, enabled = false, synchronous_commit = 'remote_apply');
\endif
comment on subscription from_elsewhere is 'subscription';
