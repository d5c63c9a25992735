-- An SQL_ASCII database: bytes that are no text in any encoding, beside names in plain ASCII.
create table public.raw (id int primary key, v text);
insert into public.raw select n, convert_from(decode(lpad(to_hex(n), 2, '0') || '41', 'hex'), 'SQL_ASCII') from generate_series(1, 255) n;
insert into public.raw values (1000, convert_from('\xc3a4ff5c6e0a09', 'SQL_ASCII')), (1001, 'plain'), (1002, null), (1003, convert_from('\xe4f6fc', 'SQL_ASCII'));
create index on public.raw (v);
create table public.bytes (b bytea, c char(5));
insert into public.bytes values ('\xff00fe', convert_from('\xfffe', 'SQL_ASCII'));
create view public.counted as select count(*) from public.raw;
comment on table public.raw is 'ASCII only';
