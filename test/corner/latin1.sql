-- A LATIN1 database: every printable byte in rows, names and comments.
create table public."Größe" (id int, "wér" text);
insert into public."Größe" select n, chr(n) || 'é' from generate_series(160, 255) n;
insert into public."Größe" values (1, E'tab\t nl\n \\'), (2, 'ÄÖÜ'), (3, null);
create type public."Fárbe" as enum ('grün', 'weiß');
create table public.painted (c public."Fárbe", j jsonb, x xml);
insert into public.painted values ('weiß', '{"ü": "ß"}', '<ä>ö</ä>');
comment on table public."Größe" is 'Größe, naïvely';
create function public."größer"(a text) returns text language sql immutable as $$ select a || 'é' $$;
create index on public."Größe" (public."größer"("wér"));
create materialized view public."Übersicht" as select count(*) as "zähler" from public."Größe";
select lo_from_bytea(4711, '\xe4f6fc');
comment on large object 4711 is 'Großes Objekt';
