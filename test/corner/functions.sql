-- Functions with their own search_path in CHECKs and indexes, triggers that must not fire on load, rules, operators, casts.
create schema app;
create schema helper;
create table helper.log (at timestamptz default now(), what text);
create function helper.clean(t text) returns text language sql immutable as $$ select lower(btrim(t)) $$;
create function app.normal(t text) returns text language plpgsql immutable set search_path = helper, pg_temp as $$begin return clean(t); end$$;
create function app.is_fine(t text) returns boolean language sql immutable set search_path = helper as $$ select clean(t) <> '' $$;
create table app.person (id int primary key, name text constraint fine check (app.is_fine(name)), seen int default 0);
insert into app.person select n, ' Name ' || n || ' ' from generate_series(1, 1000) n;
create unique index person_normal on app.person (app.normal(name));
create index person_partial on app.person (id) where app.is_fine(name);
\if :since_14
create statistics app.person_stats (ndistinct, dependencies, mcv) on name, seen, (app.normal(name)) from app.person;
\else
create statistics app.person_stats (ndistinct, dependencies, mcv) on name, seen from app.person;
\endif
alter statistics app.person_stats set statistics 42;

create function app.refuse() returns trigger language plpgsql as $$begin raise exception 'trigger % fired', tg_name; end$$;
create function app.count_up() returns trigger language plpgsql as $$begin insert into helper.log (what) values (tg_name); new.seen := new.seen + 1; return new; end$$;
create function app.skip_row() returns trigger language plpgsql as $$begin return null; end$$;
create table app.guarded (id int, seen int default 0);
insert into app.guarded select n, 0 from generate_series(1, 200) n;
create trigger a_refuse before insert on app.guarded for each row execute function app.refuse();
create trigger b_count before insert or update of seen on app.guarded for each row when (new.id > 0) execute function app.count_up();
create trigger c_always before insert on app.guarded for each row execute function app.skip_row();
create trigger d_replica before insert on app.guarded for each row execute function app.skip_row();
create trigger e_disabled after delete on app.guarded for each statement execute function app.refuse();
create trigger f_truncate before truncate on app.guarded for each statement execute function app.refuse();
alter table app.guarded enable always trigger c_always, enable replica trigger d_replica, disable trigger e_disabled;
create constraint trigger g_later after insert on app.guarded deferrable initially deferred for each row execute function app.refuse();
create trigger h_transition after update on app.guarded referencing old table as was new table as is_now for each statement execute function app.refuse();
create function app.updatable() returns trigger language plpgsql as $$begin insert into app.guarded values (new.id); return new; end$$;
create view app.guarded_view as select id from app.guarded;
create trigger instead instead of insert on app.guarded_view for each row execute function app.updatable();

create table app.ruled (id int, v text);
insert into app.ruled values (1, 'before the rules'), (2, 'too');
create rule no_insert as on insert to app.ruled do instead nothing;
create rule log_update as on update to app.ruled where old.v is distinct from new.v do also insert into helper.log (what) values ('rule');
create rule off as on delete to app.ruled do also notify deleted;
alter table app.ruled disable rule off, enable always rule log_update;

create type app.complex as (re float8, im float8);
create function app.add(app.complex, app.complex) returns app.complex language sql immutable as $$ select row($1.re + $2.re, $1.im + $2.im)::app.complex $$;
create operator app.+ (leftarg = app.complex, rightarg = app.complex, function = app.add, commutator = operator(app.+));
create aggregate app.total (app.complex) (sfunc = app.add, stype = app.complex, initcond = '(0,0)');
create function app.to_text(app.complex) returns text language sql immutable as $$ select $1.re || '+' || $1.im || 'i' $$;
create cast (app.complex as text) with function app.to_text(app.complex) as assignment;
create function app.cmp_mod(int, int) returns int language sql immutable as $$ select ($1 % 1000) - ($2 % 1000) $$;
create function app.lt_mod(int, int) returns bool language sql immutable as $$ select ($1 % 1000) < ($2 % 1000) $$;
create function app.eq_mod(int, int) returns bool language sql immutable as $$ select ($1 % 1000) = ($2 % 1000) $$;
create function app.le_mod(int, int) returns bool language sql immutable as $$ select ($1 % 1000) <= ($2 % 1000) $$;
create function app.gt_mod(int, int) returns bool language sql immutable as $$ select ($1 % 1000) > ($2 % 1000) $$;
create function app.ge_mod(int, int) returns bool language sql immutable as $$ select ($1 % 1000) >= ($2 % 1000) $$;
create operator app.<! (leftarg = int, rightarg = int, function = app.lt_mod);
create operator app.<=! (leftarg = int, rightarg = int, function = app.le_mod);
create operator app.=! (leftarg = int, rightarg = int, function = app.eq_mod);
create operator app.>=! (leftarg = int, rightarg = int, function = app.ge_mod);
create operator app.>! (leftarg = int, rightarg = int, function = app.gt_mod);
create operator family app.mod_family using btree;
create operator class app.mod_ops for type int using btree family app.mod_family as
  operator 1 app.<!, operator 2 app.<=!, operator 3 app.=!, operator 4 app.>=!, operator 5 app.>!, function 1 app.cmp_mod(int, int);
create table app.by_mod (id int, c app.complex);
insert into app.by_mod select n, row(n, -n)::app.complex from generate_series(1, 300) n;
create index by_mod_index on app.by_mod using btree (id app.mod_ops);
create function app.overloaded(int default 1, variadic text[] default '{}') returns setof app.complex rows 7 cost 3 parallel safe language sql as $$ select c from app.by_mod $$;
create function app.overloaded(out a int, out b text) language plpgsql leakproof strict as $$begin a := 1; b := E'\\ '' $x$ "'; end$$;
\if :since_14
create function app.table_of(n int) returns table (id int, "odd ""name" text) language sql begin atomic select g, repeat('x', g) from generate_series(1, n) g; end;
\endif
create procedure app.do_nothing() language sql as '';
create function app.window_like(anyelement, anyarray) returns anyelement language sql immutable as 'select $1';
create table app.default_calls (id int default (app.cmp_mod(5, 3)), at timestamptz default now(), u uuid default gen_random_uuid());
insert into app.default_calls (id) select n from generate_series(1, 10) n;
truncate helper.log;
insert into helper.log (at, what) values ('2026-01-01', 'the only line');
