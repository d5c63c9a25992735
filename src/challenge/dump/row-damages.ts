/** Rows and tables that are lost, there twice, or where they do not belong. */
import type { DumpDamage } from "../damage.ts";
import { data } from "./data-damage.ts";

const quietly = "set session_replication_role = replica";

export const rowDamages: readonly DumpDamage[] = [
  data("row-lost", "one row in the middle of a table is lost", [
    "delete from sales.invoice_line where invoice_id = 200 and line_no = 1",
  ]),
  data("first-row-lost", "the first row of a table is lost", ["delete from public.journal where line = 1"]),
  data("last-row-lost", "the last row of a table is lost", [
    "delete from public.journal where line = (select max(line) from public.journal)",
  ]),
  data("rows-of-last-half-lost", "everything after the middle of a long table is lost", [
    "delete from public.journal where line > (select max(line) / 2 from public.journal)",
  ]),
  data("range-lost", "a range of blocks in the middle of a large table is lost", [
    "delete from public.journal where ctid >= '(64,0)' and ctid < '(128,0)'",
  ]),
  data("row-lost-in-last-range", "a row in the last range of blocks of a large table is lost", [
    "delete from public.journal where line = (select max(line) - 9 from public.journal)",
  ]),
  data("row-doubled", "one row of a table without a key is there twice", [
    "insert into public.journal select * from public.journal where line = 1500",
  ]),
  data("table-doubled", "all rows of a table without a key are there twice", [
    "insert into public.journal select * from public.journal",
  ]),
  data("tables-exchanged", "two tables of the same shape have each other's names", [
    "alter table public.east rename to south",
    "alter table public.west rename to east",
    "alter table public.south rename to west",
  ]),
  data("row-moved", "a row lies in another table of the same shape", [
    quietly,
    "with moved as (delete from sales.invoice where id = 400 returning *) insert into sales.archived_invoice select * from moved",
  ]),
  data("row-moved-to-parent", "a row of an inheriting table lies in the table it inherits from", [
    "with moved as (delete from public.derived returning kind) insert into public.base select kind from moved",
  ]),
  data("table-empty", "a table is empty", ["truncate public.document"]),
  data("table-absent", "a table is absent", ["drop table public.journal"]),
  data("table-extra", "there is a table that the source never had", [
    "create table public.stowaway (id int)",
    "insert into public.stowaway values (1)",
  ]),
  data("unlogged-row-lost", "a row of an unlogged table is lost", ["delete from public.cache"]),
  data("other-tenants-row", "a row of another tenant is there", [
    quietly,
    "insert into sales.customer (code, name) values ('X0001', 'somebody else')",
  ]),
  data(
    "partition-detached",
    "a partition is detached and stands by itself",
    ["alter table ledger.entry detach partition ledger.entry_2025"],
    "objects",
  ),
  data("partition-lost", "a partition is absent with its rows", ["drop table ledger.entry_2025"]),
  data("row-lost-through-root", "a row is lost of partitions whose order nobody can keep", [
    "delete from ledger.by_status where status = 'shipped' and amount = 7",
  ]),
  data("row-doubled-through-root", "a row is there twice in partitions whose order nobody can keep", [
    "insert into ledger.by_status values ('shipped', 7)",
  ]),
  data(
    "values-exchanged-through-root",
    "two rows have each other's values in partitions whose order nobody can keep",
    [
      "update ledger.by_status set amount = 15 - amount where (status, amount) in (('draft', 7), ('shipped', 8))",
    ],
  ),
  data("row-changed-through-root", "a row is another in partitions whose order nobody can keep", [
    "update ledger.by_status set status = 'confirmed' where status = 'draft' and amount = 7",
  ]),
];
