-- What 16 brought: rules of collations, SQL/JSON in views and checks, subscriptions that run as their owner.
create collation public.ruled (provider = icu, locale = 'und', rules = '&b < c <<< C < a');
create table public.sorted (v text collate public.ruled, w text);
insert into public.sorted select chr(97 + n % 26) || n, chr(97 + n % 26) || n from generate_series(1, 200) n;
create index sorted_v on public.sorted (v);
create index sorted_w on public.sorted (w);
create table public.document (id int primary key, body text check (body is json object with unique keys), user_name text default system_user);
insert into public.document select n, '{"n": ' || n || '}', 'x' from generate_series(1, 50) n;
create view public.as_json as select json_object('id' : id, 'body' : body::json absent on null) as o, json_array(id, user_name null on null) as a from public.document;
create view public.gathered as select json_arrayagg(id order by id desc returning jsonb) as ids, json_objectagg(id : user_name with unique keys) as names from public.document;
create view public.judged as select id from public.document where body is json object and body is not json array;
create table public.kept (wide text storage external, packed bytea storage main compression pglz);
insert into public.kept select repeat('x', n), '\x00' from generate_series(1, 20) n;
create statistics on wide, packed from public.kept;
create table public.odd (n numeric default 0x1F, m bigint default 1_000_000);
insert into public.odd default values;
create function public.summary() returns table (a text, b int) language sql begin atomic select any_value(user_name), 0b101 from public.document; end;
create subscription by_owner connection 'host=127.0.0.1 port=1 dbname=nowhere user=u password=canary' publication p
  with (connect = false, slot_name = none, enabled = false, origin = none, password_required = true, run_as_owner = true, streaming = parallel);
create subscription without_password connection 'host=127.0.0.1 port=1 dbname=nowhere user=u' publication p, q
  with (connect = false, slot_name = none, enabled = false, password_required = false, disable_on_error = true, two_phase = false);
create role corner_since_16;
create role corner_member_16;
grant corner_since_16 to corner_member_16 with inherit false, set false, admin true;
alter table public.document owner to corner_member_16;
grant select on public.document to corner_since_16;
