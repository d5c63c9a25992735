/** What a dump could get wrong about rows, in the tenant of `tenant.ts`. */
import type { DumpDamage } from "../damage.ts";
import { data } from "./data-damage.ts";
import { largeObjectDamages } from "./large-object-damages.ts";
import { extreme, valueDamages } from "./value-damages.ts";
import { rowDamages } from "./row-damages.ts";
import { type Rewriting, rewritten } from "./rewritten.ts";

const journal = { table: "public.journal", columns: ["line", "entry"] };
const rate = { table: "ledger.rate", columns: ["currency", "factor", "precise"] };
const archived = {
  table: "sales.archived_invoice",
  columns: ["id", "customer_id", "status", "issued_on", "note", "total", "paid"],
};
const customer = {
  table: "sales.customer",
  referredBy: {
    table: "sales.invoice",
    name: "invoice_customer",
    definition: "foreign key (customer_id) references sales.customer on delete restrict",
  },
  columns: ["id", "code", "name", "note", "tags", "profile", "extra", "home", "since", "rating"],
};
const entry = { table: "ledger.entry_2025", columns: ["id", "posted_at", "account", "debit", "credit"] };
const document = { table: "public.document", columns: ["id", "name", "body"] };

/** What values are altered in; written anew with nothing altered they are as they were. */
export const rewritable: readonly Rewriting[] = [journal, rate, archived, customer, entry, document, extreme];

export const dataDamages: readonly DumpDamage[] = [
  ...rowDamages,
  data(
    "byte-changed",
    "one byte of one value is another",
    rewritten({
      ...journal,
      set: { entry: "case line when 1500 then overlay(entry placing '_' from 7 for 1) else entry end" },
    }),
  ),
  data(
    "byte-appended",
    "one value ends in one more blank",
    rewritten({
      ...journal,
      set: { entry: "case line when 1500 then entry || ' ' else entry end" },
    }),
  ),
  data(
    "rows-exchanged",
    "two neighbouring rows stand in the other order",
    rewritten({
      ...journal,
      orderBy: "case line when 1500 then 1501 when 1501 then 1500 else place end",
    }),
  ),
  data(
    "columns-exchanged",
    "two columns of one type have each other's values",
    rewritten({ ...entry, set: { debit: "credit", credit: "debit" } }),
  ),
  data(
    "column-shifted",
    "the values of a column belong to the row before",
    rewritten({ ...journal, set: { entry: "lag(entry, 1, entry) over (order by place)" } }),
  ),
  data(
    "values-exchanged",
    "two rows have each other's values in one column",
    rewritten({
      ...journal,
      set: { line: "case line when 1500 then 1501 when 1501 then 1500 else line end" },
    }),
  ),
  data(
    "null-for-empty",
    "an empty string has become NULL",
    rewritten({
      ...customer,
      set: { note: "case id when 3 then null else note end" },
    }),
  ),
  data(
    "empty-for-null",
    "a NULL has become an empty string",
    rewritten({
      ...archived,
      set: { note: "case when id = 1 then coalesce(note, '') else note end" },
    }),
  ),
  data(
    "column-truncated",
    "the values of a column end after sixteen characters",
    rewritten({
      ...journal,
      set: { entry: "left(entry, 16)" },
    }),
  ),
  data(
    "column-nulled",
    "a column that may be NULL is NULL throughout",
    rewritten({
      ...archived,
      set: { paid: "null" },
    }),
  ),
  data(
    "numeric-scale-lost",
    "a numeric has lost the zeros of its scale",
    rewritten({
      ...rate,
      set: { precise: "trim_scale(precise)" },
    }),
  ),
  data(
    "numeric-rounded",
    "a numeric was rounded in its last digit",
    rewritten({
      ...rate,
      set: { precise: "round(precise, 3)" },
    }),
  ),
  data(
    "float-last-digit",
    "a float differs in its last digit",
    rewritten({
      ...rate,
      set: { factor: "case currency when 'PKR' then '278.10004'::real else factor end" },
    }),
  ),
  data(
    "double-last-digit",
    "a double differs in its last digit",
    rewritten({
      ...customer,
      set: { rating: "case id when 8 then rating + 4e-16 else rating end" },
    }),
  ),
  data(
    "timestamp-shifted",
    "a time is an hour later, as if a time zone were lost",
    rewritten({
      ...entry,
      set: { posted_at: "case id when 100 then posted_at + interval '1 hour' else posted_at end" },
    }),
  ),
  data(
    "date-shifted",
    "a date is a day earlier",
    rewritten({
      ...archived,
      set: { issued_on: "case id when 7 then issued_on - 1 else issued_on end" },
    }),
  ),
  data(
    "boolean-flipped",
    "a boolean is the opposite",
    rewritten({
      ...archived,
      set: { paid: "case id when 7 then not paid else paid end" },
    }),
  ),
  data(
    "array-element-lost",
    "an array has lost its element",
    rewritten({
      ...customer,
      set: { tags: "case id when 50 then '{}' else tags end" },
    }),
  ),
  data(
    "json-value-changed",
    "a value within a jsonb is another",
    rewritten({
      ...customer,
      set: { profile: `case id when 50 then jsonb_set(profile, '{vat}', '"0"') else profile end` },
    }),
  ),
  data(
    "json-null-for-sql-null",
    "a composite value has a field more that is NULL",
    rewritten({
      ...customer,
      set: { home: "case id when 50 then row((home).street, null)::sales.address else home end" },
    }),
  ),
  data(
    "bytea-changed",
    "one byte within a large toasted value is another",
    rewritten({
      ...document,
      set: {
        body: "case id when 5 then set_byte(body, 9000, (get_byte(body, 9000) + 1) % 256) else body end",
      },
    }),
  ),
  data(
    "bytea-truncated",
    "a large toasted value has lost its last byte",
    rewritten({
      ...document,
      set: { body: "case id when 5 then substr(body, 1, length(body) - 1) else body end" },
    }),
  ),
  data(
    "encoding-mangled",
    "UTF-8 was read as Latin 1 and encoded once more",
    rewritten({
      ...customer,
      set: { note: "case id when 4 then convert_from(convert_to(note, 'UTF8'), 'LATIN1') else note end" },
    }),
  ),
  data(
    "character-replaced",
    "a character outside of ASCII has become a question mark",
    rewritten({
      ...customer,
      set: { name: "case id when 3 then replace(name, 'ç', '?') else name end" },
    }),
  ),
  ...valueDamages,
  data(
    "generated-otherwise",
    "a generated column is computed by another expression",
    [
      "alter table sales.customer drop column name_lower",
      "alter table sales.customer add column name_lower text generated always as (upper(name)) stored",
    ],
    "generated",
  ),
  ...largeObjectDamages,
];
