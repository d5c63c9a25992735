-- Views of every sort and materialised views on materialised views, one of them never populated.
create schema base;
create table base.sale (id int primary key, customer int, item text, amount numeric(10,2), at date);
insert into base.sale select n, n % 50, 'item ' || n % 7, n * 0.37, date '2026-01-01' + n % 200 from generate_series(1, 4000) n;
-- Names chosen so that neither name nor oid order is the order of dependency.
create materialized view public.z_first as select customer, sum(amount) as total, count(*) as n from base.sale group by customer;
create unique index on public.z_first (customer);
create materialized view public.m_second with (fillfactor = 80) as select total > 500 as big, count(*) as customers, sum(total) as total from public.z_first group by 1;
create view public.between_them as select * from public.m_second where big;
create materialized view public.a_third as select 'sum' as what, coalesce(sum(total), 0) as total from public.between_them;
create materialized view public.never_populated as select * from base.sale with no data;
create index on public.never_populated (at);
create materialized view public.on_unpopulated as select count(*) from public.z_first with no data;
create materialized view public.empty_result as select * from base.sale where false;
create view base.by_key as select id, item, sum(amount) from base.sale group by id;
create view base.barrier with (security_barrier = true) as select * from base.sale where customer = 7;
create view base.checked as select * from base.sale where amount > 10 with cascaded check option;
create view base.checked_locally as select id, amount from base.checked where amount < 1000 with local check option;
create recursive view base.numbers (n) as values (1) union all select n + 1 from numbers where n < 10;
create view base.odd_columns ("select", "Ünïcode", "a""b") as select id, item, amount from base.sale;
create view base.joins as select s.*, t.total from base.sale s left join public.z_first t using (customer);
create view base.values_view as values (1, 'a'), (2, null);
create view base.star as select * from base.sale;
alter table base.sale rename column item to article;
alter table base.sale add column late int default 3;
create view base.window_view as select id, row_number() over w as r, lag(amount) over w from base.sale window w as (partition by customer order by at, id rows between 2 preceding and current row);
alter view base.star alter column amount set default 9;
create statistics base.sale_stats on customer, article from base.sale;
\if :since_14
create statistics base.expr_stats on (amount * 2) from base.sale;
\endif
-- Two views that need each other by way of a rule.
create view base.round_a as select 1 as x;
create view base.round_b as select x from base.round_a;
create or replace view base.round_a as select 2 as x;
\if :since_16
create view base.was_a_table as select 1 as a;
\else
create table base.was_a_table (a int);
create rule "_RETURN" as on select to base.was_a_table do instead select 1 as a;
\endif
