-- Collations of ICU, non-deterministic ones, and what depends on them: indexes, keys, generated columns, text search.
create schema lang;
create collation lang.german (provider = icu, locale = 'de-u-co-phonebk');
create collation lang.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation lang.ignore_accents (provider = icu, locale = 'und-u-ks-level1-kc-true', deterministic = false);
create collation lang.numeric_order (provider = icu, locale = 'en-u-kn-true');
create collation lang."C copy" from "C";
create domain lang.email as text collate lang.ignore_case;
create table lang.word (
  id int primary key, de text collate lang.german, name text collate lang.ignore_case unique, code text collate lang.numeric_order, mail lang.email,
  upper_de text generated always as (upper(de collate lang.german)) stored);
insert into lang.word (id, de, name, code, mail)
  select n, (array['Äpfel','Apfel','Öl','Zebra','straße','STRASSE','ss'])[1 + n % 7] || n, 'Näme ' || n, 'v' || n || '.' || n % 3, 'User' || n || '@Example.test' from generate_series(1, 700) n;
create index on lang.word (de);
create index on lang.word (code desc nulls last);
create index on lang.word (de collate "C", id);
create table lang.grouped (name text collate lang.ignore_accents primary key, n int);
insert into lang.grouped values ('résumé', 1), ('other', 2);
create materialized view lang.sorted as select name, row_number() over (order by de, id) as place from lang.word;
create table lang.by_text (k text collate lang.german, v int) partition by range (k);
create table lang.by_text_low partition of lang.by_text for values from (minvalue) to ('m');
create table lang.by_text_high partition of lang.by_text for values from ('m') to (maxvalue);
insert into lang.by_text select de, id from lang.word;

create text search dictionary lang.short (template = pg_catalog.simple, stopwords = 'english', accept = false);
create text search dictionary lang.stem (template = snowball, language = 'german');
create text search configuration lang.mixed (copy = pg_catalog.simple);
alter text search configuration lang.mixed alter mapping for asciiword, word with lang.short, lang.stem;
alter text search configuration lang.mixed drop mapping for url;
comment on text search configuration lang.mixed is 'configuration';
comment on text search dictionary lang.short is 'dictionary';
create text search parser lang.own (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline);
create text search template lang.own_template (init = dsimple_init, lexize = dsimple_lexize);
create table lang.page (id int, body text, found tsvector generated always as (to_tsvector('lang.mixed', body)) stored);
insert into lang.page (id, body) select n, 'Die Häuser the houses stehen ' || n from generate_series(1, 200) n;
create index on lang.page using gin (found);
