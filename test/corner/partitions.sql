-- Partitions on several levels, attached, detached, with other column orders, and keyed by a domain.
create schema part;
create domain part.region as text check (value ~ '^[a-z]{2}$');
create table part.event (
  id bigint not null, at timestamptz not null, region part.region not null, kind int not null,
  body text default 'none', primary key (id, at, region, kind)
) partition by range (at);
create table part.event_2024 partition of part.event for values from ('2024-01-01') to ('2025-01-01')
  partition by list (region);
create table part.event_2024_ae partition of part.event_2024 for values in ('ae', 'om') partition by hash (kind);
create table part.event_2024_ae_0 partition of part.event_2024_ae for values with (modulus 3, remainder 0);
create table part.event_2024_ae_1 partition of part.event_2024_ae for values with (modulus 3, remainder 1);
create table part.event_2024_ae_2 partition of part.event_2024_ae for values with (modulus 3, remainder 2);
create table part.event_2024_rest partition of part.event_2024 default;
create table part.event_old partition of part.event for values from (minvalue) to ('2024-01-01');
create table part.event_default partition of part.event default;

-- A partition attached later: another column order, a dropped column, a default and a storage setting of its own.
create table part.event_2025 (
  body text default 'attached', gone int, kind int not null, region part.region not null,
  at timestamptz not null, id bigint not null
) with (fillfactor = 60);
alter table part.event_2025 drop column gone;
alter table part.event_2025 alter column body set statistics 500;
insert into part.event_2025 (id, at, region, kind)
  select n, timestamptz '2025-01-01' + n * interval '1 hour', 'de', n % 7 from generate_series(1, 500) n;
alter table part.event attach partition part.event_2025 for values from ('2025-01-01') to ('2026-01-01');

insert into part.event (id, at, region, kind, body)
  select n, timestamptz '2023-06-01' + n * interval '7 hours', (array['ae','om','pk','de'])[1 + n % 4], n % 11, md5(n::text)
  from generate_series(1, 3000) n;
update part.event set kind = kind + 1 where id % 17 = 0;
update part.event set region = 'pt' where id % 97 = 0;
delete from part.event where id % 23 = 0;

-- One that was a partition once and is none any more.
create table part.event_lost partition of part.event for values from ('2030-01-01') to ('2031-01-01');
insert into part.event values (900001, '2030-05-05', 'in', 1, 'detached');
alter table part.event detach partition part.event_lost;

create table part.note (event_id bigint, event_at timestamptz, region part.region, kind int, text text,
  foreign key (event_id, event_at, region, kind) references part.event (id, at, region, kind));
insert into part.note select id, at, region, kind, 'about ' || id from part.event where id % 50 = 1;

create index event_body on part.event (body);
create index event_partial on part.event_2025 (kind) where kind > 3;
create index only_root on only part.event (kind, at);
create function part.loud() returns trigger language plpgsql as
  $$begin raise exception 'a trigger of a partitioned table fired while loading'; end$$;
create trigger loud before insert on part.event for each row execute function part.loud();
alter table part.event_2025 disable trigger loud;

-- By an expression, by two columns, by text bounds under a collation of their own; and a root without partitions.
create table part.by_expression (a int, b text) partition by range (lower(b) collate "C", (a / 10));
create table part.by_expression_low partition of part.by_expression for values from (minvalue, minvalue) to ('m', 5);
create table part.by_expression_high partition of part.by_expression for values from ('m', 5) to (maxvalue, maxvalue);
insert into part.by_expression select n, chr(97 + n % 26) || n from generate_series(1, 400) n;
create table part.nobody (a int) partition by list (a);
create table part.nulls (a int, b text) partition by list (a);
create table part.nulls_null partition of part.nulls for values in (null, 0);
create table part.nulls_more partition of part.nulls for values in (1, 2);
insert into part.nulls values (null, 'x'), (0, 'y'), (2, 'z');
