/** Comments on objects of several kinds: missing, or saying something else. */
import type { DumpDamage } from "../damage.ts";
import { dumpedFor } from "./dumped.ts";

const dumped = dumpedFor("objects");

export const remarkDamages: readonly DumpDamage[] = [
  dumped("table-comment-lost", "a comment is missing", "comment on table sales.invoice is null"),
  dumped("table-comment", "a comment is another", "comment on table sales.invoice is 'what customers paid'"),
  dumped(
    "column-comment-lost",
    "the comment on a column is missing",
    "comment on column sales.invoice.total is null",
  ),
  dumped("schema-comment-lost", "the comment on a schema is missing", "comment on schema ledger is null"),
  dumped(
    "constraint-comment-lost",
    "the comment on a constraint is missing",
    "comment on constraint customer_has_name on sales.customer is null",
  ),
  dumped(
    "function-comment",
    "the comment on a function is another",
    "comment on function ledger.balance(int) is 'what is right'",
  ),
  dumped(
    "trigger-comment-lost",
    "the comment on a trigger is missing",
    "comment on trigger customer_watch on sales.customer is null",
  ),
  dumped(
    "index-comment-lost",
    "the comment on an index is missing",
    "comment on index public.journal_line is null",
  ),
  dumped(
    "type-comment-lost",
    "the comment on a type is missing",
    "comment on type sales.order_status is null",
  ),
  dumped(
    "policy-comment-moved",
    "the comment on a policy is on another one",
    "comment on policy by_tier on sales.customer is null",
    "comment on policy by_tier_changed on sales.customer is 'rows of one''s own tier'",
  ),
  dumped(
    "extension-comment",
    "the comment on an extension is another",
    "comment on extension hstore is 'something else'",
  ),
];
