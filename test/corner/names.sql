-- Names in capitals, in other scripts, with quotes, backslashes, newlines and all 63 bytes; comments on everything.
create schema "UPPER Case";
create schema "schéma with ""quotes"" and \back";
create schema "数据库";
create table "UPPER Case"."Table" ("Column" int primary key, "select" text, "new
line" text, "tab	tab" int, "quote""d" int, "back\slash" int, "semi;colon--" int, "🦀" text, " leading" int, "%s $1 {x}" int);
insert into "UPPER Case"."Table" select n, 's', E'n\nl', n, n, n, n, '🦀', n, n from generate_series(1, 100) n;
create table "UPPER Case"."table" (id int);
create table "UPPER Case"."TABLE" (id int);
insert into "UPPER Case"."table" values (1);
insert into "UPPER Case"."TABLE" values (2), (3);
create table "schéma with ""quotes"" and \back"."tab
le
with newlines" (id int);
insert into "schéma with ""quotes"" and \back"."tab
le
with newlines" values (1), (2);
create table "数据库"."表" ("列" text);
insert into "数据库"."表" values ('值'), ('ع');
create table public."a63_bytes_long_name_that_is_exactly_as_long_as_names_may_be_xxxx" (id int);
insert into public."a63_bytes_long_name_that_is_exactly_as_long_as_names_may_be_xxxx" values (63);
create table public."ééééééééééééééééééééééééééééééé" (id int);
insert into public."ééééééééééééééééééééééééééééééé" values (62);
create table public."." (id int);
create table public."a.b" (id int);
create table public." " (" " int);
create table public."'; drop schema public cascade; --" (id int);
insert into public."'; drop schema public cascade; --" values (1);
create table public."$$" ("$1" int, "\." text);
insert into public."$$" values (1, E'\\.');
create table public."../../etc/passwd" (id int);
create table public.ctid_like ("CTID" int, "oid" int, "ctid " int);
insert into public.ctid_like values (1, 2, 3);
create table public."user" ("table" int, "from" int, "order" int, "user" text, "end" int);
insert into public."user" values (1, 2, 3, 'u', 5);
create sequence public."Seq""uence 'x'";
select nextval('public."Seq""uence ''x''"');
create index "Index
with newline" on "UPPER Case"."Table" ("select", "new
line");
create type public."Enum 'T'" as enum ('a''b', 'c\d', 'e
f', '🦀');
create table public."Uses Enum" (v public."Enum 'T'" default 'a''b');
insert into public."Uses Enum" values ('c\d'), ('e
f'), ('🦀'), (default);
create function public."Func""tion"("Ärg" int, "select" text default 'x''y') returns int language sql as $_$ select $1 $_$;
create view public."View
x" as select "new
line" as "c
d" from "UPPER Case"."Table";
create materialized view public."Mat ""View""" as select "列" from "数据库"."表";

select format('comment on database %I is %L', current_database(), E'The "database''s" comment\nin two lines') \gexec
comment on schema "UPPER Case" is 'A schema; it''s here -- not a comment';
comment on schema public is 'not the usual text';
comment on table "UPPER Case"."Table" is E'Line one\nLine two \\ $$ "';
comment on column "UPPER Case"."Table"."new
line" is 'A column
with a newline in name and comment';
comment on index "UPPER Case"."Index
with newline" is 'index';
comment on constraint "Table_pkey" on "UPPER Case"."Table" is 'constraint';
comment on sequence public."Seq""uence 'x'" is 'sequence';
comment on type public."Enum 'T'" is 'type';
comment on function public."Func""tion"(int, text) is 'function';
comment on view public."View
x" is 'view';
comment on column public."View
x"."c
d" is 'column of a view';
comment on materialized view public."Mat ""View""" is 'matview';
create domain public.commented as int constraint dc check (value > 0);
comment on domain public.commented is 'domain';
comment on constraint dc on domain public.commented is 'constraint of a domain';
create type public.commented_type as (a int, b text);
comment on column public.commented_type.a is 'attribute';
create function public.fires() returns trigger language plpgsql as 'begin return new; end';
create trigger commented before insert on "UPPER Case"."table" for each row execute function public.fires();
comment on trigger commented on "UPPER Case"."table" is 'trigger';
create policy commented on "UPPER Case"."table" using (true);
comment on policy commented on "UPPER Case"."table" is 'policy';
create rule commented as on delete to "UPPER Case"."table" do also select 1;
comment on rule commented on "UPPER Case"."table" is 'rule';
create statistics public.commented_stats on "Column", "select" from "UPPER Case"."Table";
comment on statistics public.commented_stats is 'statistics';
create collation public.commented_collation (provider = libc, locale = 'C');
comment on collation public.commented_collation is 'collation';
create operator public.=== (leftarg = int, rightarg = int, function = int4eq);
comment on operator public.=== (int, int) is 'operator';
create aggregate public.commented_sum (int) (sfunc = int4pl, stype = int);
comment on aggregate public.commented_sum (int) is 'aggregate';
create cast (text as public.commented_type) with inout;
comment on cast (text as public.commented_type) is 'cast';
create publication commented_publication for table "UPPER Case"."TABLE";
comment on publication commented_publication is 'publication';
create procedure public.commented_procedure() language sql as '';
comment on procedure public.commented_procedure() is 'procedure';
create conversion public.commented_conversion for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
comment on conversion public.commented_conversion is 'conversion';
comment on type "UPPER Case"."TABLE" is 'row type of a table';
comment on type public."View
x" is 'row type of a view, ''quoted'' \ twice';
comment on type public."Enum 'T'"[] is 'array';
comment on type "UPPER Case"."TABLE"[] is 'array of rows';
comment on rule "_RETURN" on public."View
x" is 'rule of a view';
create type public."Range 'T'" as range (subtype = int);
comment on type public."Range 'T'"[] is 'array of ranges';
