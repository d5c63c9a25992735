-- Large objects: empty, one byte, around the page size, with holes, with owners, grants and comments, and columns that name them.
select lo_create(1000001);
select lo_from_bytea(1000002, '\x00');
select lo_from_bytea(1000003, decode(repeat('5c', 2047), 'hex'));
select lo_from_bytea(1000004, decode(repeat('0a', 2048), 'hex'));
select lo_from_bytea(1000005, decode(repeat('ff', 2049), 'hex'));
select lo_from_bytea(1000006, decode(repeat(md5('x'), 40000), 'hex'));
select lo_from_bytea(4294967295, '\xdeadbeef');
select lo_from_bytea((1000100 + n)::oid, decode(repeat(md5(n::text), n % 300), 'hex')) from generate_series(0, 999) n;
-- A hole of a megabyte, and one that was cut shorter.
select lo_create(1000010);
select lo_put(1000010, 1000000, 'after the hole');
select lo_from_bytea(1000011, decode(repeat('aa', 9000), 'hex'));
begin;
select lo_truncate(lo_open(1000011, 131072), 5000);
commit;
alter large object 1000005 owner to corner_owner;
grant select, update on large object 1000005 to corner_reader;
grant select on large object 1000006 to "Corner Rôle ""ü""" with grant option;
grant select on large object 1000006 to public;
revoke select on large object 1000002 from corner_owner;
comment on large object 1000006 is 'a ''large'' object
on two lines';
create table public.attachment (id int primary key, content oid, name text);
insert into public.attachment select n, 1000100 + n, 'file ' || n from generate_series(0, 999) n;
