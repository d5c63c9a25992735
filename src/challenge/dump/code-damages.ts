/** Triggers, rules, functions and views: missing, or doing something else. */
import type { DumpDamage } from "../damage.ts";
import { dumpedFor } from "./dumped.ts";

const dumped = dumpedFor("objects");

export const codeDamages: readonly DumpDamage[] = [
  dumped("trigger-lost", "a trigger is missing", "drop trigger invoice_touch on sales.invoice"),
  dumped(
    "trigger-disabled",
    "a trigger is disabled",
    "alter table sales.invoice disable trigger invoice_touch",
  ),
  dumped(
    "trigger-condition",
    "a trigger fires for fewer rows",
    "drop trigger invoice_touch on sales.invoice",
    "create trigger invoice_touch before update on sales.invoice for each row when (old.paid) execute function sales.touch()",
  ),
  dumped(
    "trigger-time",
    "a trigger fires on other events",
    "drop trigger invoice_touch on sales.invoice",
    "create trigger invoice_touch before insert on sales.invoice for each row execute function sales.touch()",
  ),
  dumped(
    "trigger-columns",
    "a trigger fires for one column alone",
    "drop trigger invoice_touch on sales.invoice",
    "create trigger invoice_touch before update of note on sales.invoice for each row execute function sales.touch()",
  ),
  dumped(
    "trigger-arguments",
    "a trigger hands over other arguments",
    "drop trigger invoice_watch on sales.invoice",
    `create constraint trigger invoice_watch after insert on sales.invoice from sales.customer
       deferrable for each row execute function sales.watch('first, second')`,
  ),
  dumped(
    "trigger-referenced-table",
    "a constraint trigger refers to no table",
    "drop trigger invoice_watch on sales.invoice",
    `create constraint trigger invoice_watch after insert on sales.invoice
       deferrable for each row execute function sales.watch('first', 'second')`,
  ),
  dumped(
    "event-trigger-tags",
    "an event trigger fires for fewer commands",
    "drop event trigger watch_ddl",
    "create event trigger watch_ddl on ddl_command_end when tag in ('CREATE TABLE') execute function sales.on_ddl()",
  ),
  dumped("event-trigger-lost", "an event trigger is missing", "drop event trigger watch_ddl"),
  dumped("event-trigger-disabled", "an event trigger is disabled", "alter event trigger watch_ddl disable"),
  dumped("rule-lost", "a rule is missing", "drop rule keep_rates on ledger.rate"),
  dumped(
    "rule-changed",
    "a rule does something else",
    "create or replace rule keep_rates as on delete to ledger.rate where old.currency = 'AED' do instead nothing",
  ),
  dumped("function-lost", "a function is missing", "drop function ledger.balance(int)"),
  dumped(
    "function-body",
    "a function has another body",
    `create or replace function ledger.balance(account int) returns numeric language sql stable security definer set search_path = ''
       as $$ select coalesce(sum(credit) - sum(debit), 0) from ledger.entry e where e.account = balance.account $$`,
  ),
  dumped(
    "security-definer-lost",
    "a function runs with its caller's rights",
    "alter function ledger.balance(int) security invoker",
  ),
  dumped(
    "function-search-path-lost",
    "a function has lost its search_path",
    "alter function ledger.balance(int) reset search_path",
  ),
  dumped(
    "function-volatility",
    "a function counts as immutable",
    "alter function ledger.balance(int) immutable",
  ),
  dumped(
    "function-default",
    "an argument of a function has another default",
    `create or replace function sales.with_tax(amount numeric, rate numeric default 0.15) returns numeric language sql immutable strict parallel safe
       as $$ select amount * (1 + rate) $$`,
  ),
  dumped(
    "function-null",
    "a function is called for NULL",
    "alter function sales.with_tax(numeric, numeric) called on null input",
  ),
  dumped(
    "function-parallel",
    "a function may not run in parallel",
    "alter function sales.with_tax(numeric, numeric) parallel unsafe",
  ),
  dumped(
    "function-cost",
    "a function costs more",
    "alter function sales.with_tax(numeric, numeric) cost 5000",
  ),
  dumped(
    "function-argument-name",
    "an argument of a function has another name",
    "drop function sales.with_tax(numeric, numeric)",
    `create function sales.with_tax(amount numeric, tax numeric default 0.05) returns numeric language sql immutable strict parallel safe
       as $$ select amount * (1 + tax) $$`,
  ),
  dumped(
    "function-parsed-body",
    "a function that was parsed when it was made counts something else",
    `create or replace function sales.invoices_of(customer bigint) returns bigint language sql stable
       begin atomic select count(*) from sales.invoice i where i.customer_id <> customer; end`,
  ),
  dumped(
    "function-stays",
    "a function stays when the extension that it depends on goes",
    "alter function sales.of_map() no depends on extension hstore",
  ),
  dumped("procedure-lost", "a procedure is missing", "drop procedure sales.close_year(int)"),
  dumped(
    "view-default",
    "a column of a view has another default",
    "alter view sales.small_invoice alter column note set default 'large'",
  ),
  dumped(
    "view-check-lost",
    "a view takes rows that it does not show",
    "alter view sales.small_invoice reset (check_option)",
  ),
  dumped("rule-disabled", "a rule is disabled", "alter table ledger.rate disable rule keep_rates"),
  dumped("view-lost", "a view is missing", "drop view sales.open_invoice"),
  dumped(
    "view-changed",
    "a view shows other rows",
    `create or replace view sales.open_invoice as
       select i.id, i.total, c.name from sales.invoice i join sales.customer c on c.id = i.customer_id where i.status <> 'draft'`,
  ),
  dumped(
    "view-goes-on",
    "a view shows the first rows of what it showed",
    `create or replace view sales.open_invoice as
       select i.id, i.total, c.name from sales.invoice i join sales.customer c on c.id = i.customer_id where i.status <> 'invoiced' limit 5`,
  ),
  dumped(
    "view-security-barrier",
    "a view has become a security barrier",
    "alter view sales.open_invoice set (security_barrier)",
  ),
  dumped("matview-lost", "a materialised view is missing", "drop materialized view ledger.trial_balance"),
  dumped(
    "matview-changed",
    "a materialised view is computed otherwise",
    "drop materialized view ledger.unpopulated",
    "create materialized view ledger.unpopulated as select 2 as one with no data",
  ),
  dumped(
    "matview-goes-on",
    "a materialised view has gained a condition",
    "drop materialized view ledger.unpopulated",
    "create materialized view ledger.unpopulated as select 1 as one where 1 > 2 with no data",
  ),
];
