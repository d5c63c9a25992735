-- A value of every kind of type, and the ends of their ranges.
create schema kinds;
create domain kinds.positive as numeric(20,6) default 1 constraint above_zero check (value > 0);
create domain kinds.positive_list as kinds.positive[] check (array_length(value, 1) < 5);
create type kinds.colour as enum ('red', 'gr''een', 'blau "dunkel"', '');
create type kinds.address as (street text, "no." int, colour kinds.colour);
create type kinds.person as (name text, homes kinds.address[], worth kinds.positive);
create domain kinds.checked_address as kinds.address check (value is null or (value).street is not null);
create type kinds.float_range as range (subtype = float8, subtype_diff = float8mi);
\if :since_14
\set infinity '''Infinity'''
\set negative_infinity '''-Infinity'''
\else
\set infinity '''NaN'''
\set negative_infinity '''NaN'''
\endif
create table kinds.numbers (i2 smallint, i4 int, i8 bigint, n numeric, n300 numeric, f4 real, f8 double precision, p kinds.positive, m money, o oid);
insert into kinds.numbers values
  (-32768, -2147483648, -9223372036854775808, 'NaN', repeat('123456789', 33)::numeric + 0.1, 'NaN', 'NaN', 0.000001, '-92233720368547758.08', 0),
  (32767, 2147483647, 9223372036854775807, :infinity, -(repeat('9', 300) || '.' || repeat('7', 300))::numeric, 'Infinity', '-Infinity', 99999999999999.999999, '12.34', 4294967295),
  (0, 0, 0, :negative_infinity, '1e-300', 1e-45, 5e-324, 1, '0', 1), (null, null, null, null, null, null, null, null, null, null),
  (1, 1, 1, 1.10, 1.1000000000, 0.1, 0.1, 2, '1', 7), (2, 2, 2, 0.0, -0.0, '-0', '-0', 2, '1', 7),
  (3, 3, 3, 3, 3, 3.4028235e38, 1.7976931348623157e308, 3, '1', 3);
insert into kinds.numbers (i4, f8, f4) select n, sqrt(n), ln(n) from generate_series(1, 200) n;
create table kinds.times (d date, t time(3), tz timetz, ts timestamp, tstz timestamptz, iv interval);
insert into kinds.times values
  ('4713-01-01 BC', '00:00', '24:00:00-15:59', '4713-01-01 00:00:00 BC', '4713-01-02 00:00:00 BC', '-178000000 years'),
  ('infinity', '24:00', '00:00:00.000001+14', 'infinity', '-infinity', '1 mon -1 day +00:00:00.000001'),
  ('5874897-12-31', '23:59:59.999', '12:00+05:45', '294276-12-31 23:59:59.999999', '2026-11-01 01:30:00.123456 America/New_York', 'P1Y2M3DT4H5M6.789S'),
  ('0044-03-15 BC', '12:34:56.789', '12:34:56.789-03:30', '0001-01-01 BC', '1883-11-18 12:03:58 America/New_York', '-1 year +2 days -03:04:05'),
  ('-infinity', null, null, '2000-02-29 23:59:60', '1900-01-01 00:00:00.5 Asia/Kathmandu', '0');
create table kinds.bits (b bit(9), vb varbit, by bytea, c char(10), vc varchar(20), t text, n name, i "char");
insert into kinds.bits values (B'101010101', B'', '\x', 'pad', '  two  ', E'tab\t nl\n cr\r bs\\ bell\a v\v f\f \\N \\.', 'name', 'x'),
  (B'000000000', B'1101', '\x00ff0a5c00', '', '', '', '', ''), (null, null, null, null, null, null, null, null),
  (B'111111111', repeat('10', 500)::varbit, decode(repeat('00ff5c0a0d', 3000), 'hex'), 'äöü€', '👩‍🚀', E'\\.', E'a\nb', '\200'),
  (B'111111111', B'1', '\x5c2e0a', E'\\', '\N', '\N', '\N', 'N');
create table kinds.documents (j json, jb jsonb, x xml, v tsvector, q tsquery, path jsonpath);
insert into kinds.documents values
  ('{"b": 1,  "a": [1, 2.0, 1e5], "b": 2}', '{"b": 1, "a": [1, 2.0, 100000000000000000000000000000000.10], "ü": "\u00e9\ud83d\ude00"}',
   '<?xml version="1.0"?><a b="c">t &amp; u</a>', to_tsvector('english', 'The quick brown foxes'' jumped'), 'fox & !dog:* <2> cat'::tsquery, '$.a[*] ? (@ > 1)'),
  ('null', 'null', 'text <b/> content', '''it''''s'':1A,2B ''\\'':3', '''a b''', 'strict $'),
  ('"\u0041"', '"x"', '', '', '', null), (null, null, null, null, null, null);
create table kinds.nets (i inet, c cidr, m macaddr, m8 macaddr8, u uuid, l pg_lsn, s xid8);
insert into kinds.nets values ('192.168.0.1/24', '10/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'FFFFFFFF/FFFFFFFF', '18446744073709551615'),
  ('::ffff:1.2.3.4', '2001:db8::/32', null, null, '00000000-0000-0000-0000-000000000000', '0/0', '0');
create table kinds.shapes (p point, l line, s lseg, b box, pa path, po polygon, c circle);
insert into kinds.shapes values ('(1.1,-2.2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0.1,0.2),0.3>'),
  ('(NaN,Infinity)', null, null, null, '((0,0),(1,1))', null, '<(1e300,1e-300),1e-5>');
\if :since_14
create table kinds.ranges (r4 int4range, rn numrange, rt tstzrange, rd daterange, rf kinds.float_range, m4 int4multirange, mt tstzmultirange, mf kinds.float_multirange);
insert into kinds.ranges values ('[1,5)', '(,]', '[2024-01-01,infinity]', 'empty', '[0.1,0.2)', '{[1,3),[5,9)}', '{}', '{[0.1,0.3]}'),
  ('empty', '(NaN,)', '["2024-01-01 00:00:00.000001+05:45",)', '(,)', '(-Infinity,Infinity)', '{(,)}', '{[2020-01-01,2021-01-01),[2022-01-01,)}', null);
\else
create table kinds.ranges (r4 int4range, rn numrange, rt tstzrange, rd daterange, rf kinds.float_range);
insert into kinds.ranges values ('[1,5)', '(,]', '[2024-01-01,infinity]', 'empty', '[0.1,0.2)'),
  ('empty', '(NaN,)', '["2024-01-01 00:00:00.000001+05:45",)', '(,)', '(-Infinity,Infinity)');
\endif
create table kinds.arrays (a int[], a2 text[][], ad kinds.positive_list, ae kinds.colour[], ac kinds.address[], ab bytea[], aj jsonb[], nested kinds.person, ca kinds.checked_address);
insert into kinds.arrays values ('{1,NULL,3}', '{{"a,b","c\"d"},{NULL,"NULL"}}', '{1,2}', '{red,"",NULL}', array[row('Main "St"', 1, 'red')::kinds.address, null, row('', null, '')::kinds.address],
    '{"\\x00","\\xff"}', array['{"a":[1]}'::jsonb], row('Zoë', array[row('x', 1, 'gr''een')::kinds.address], 5)::kinds.person, row('here', 1, null)::kinds.address),
  ('[-2:0]={7,8,9}', '{}', null, '{}', '{}', '{}', '{}', row(null, null, null)::kinds.person, null),
  ('[0:1][5:6]={{1,2},{3,4}}', array[[E'new\nline', '\']], null, null, null, null, null, null, null);
create table kinds.references (c regclass, p regprocedure, t regtype, r regrole, n regnamespace, cfg regconfig);
insert into kinds.references values ('pg_class', 'lower(text)', 'int4', null, 'pg_catalog', 'english');
create table kinds.toasted (id int, v text, w bytea);
insert into kinds.toasted select n, (select string_agg(md5((n * 1000 + m)::text), '') from generate_series(1, 400) m), decode(repeat('ab', n * 1000), 'hex') from generate_series(1, 60) n;
