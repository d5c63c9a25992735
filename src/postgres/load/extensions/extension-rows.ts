import type { TableFingerprint } from "../../../model/fingerprint.ts";
import { quoteIdent, quoteName } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { copyTable, tellRefused } from "../rows/copy-table.ts";
import { refusalOf, type Refusal } from "../report.ts";

type Attempt = (context: LoadContext, table: TableFingerprint) => Promise<Refusal | null>;

/**
 * Rows of extensions' configuration tables replace those that the scripts put there. As the administrator, since they
 * are the extension's own. All tables are emptied before any is filled, since a key may forbid to take away what the
 * rows of another refer to, or take these away as well.
 */
export async function loadExtensionRows(
  context: LoadContext,
  tables: readonly TableFingerprint[],
): Promise<void> {
  const emptied = await eachInTurn(context, tables, emptyTable);
  await eachInTurn(context, emptied, fillTable);
}

/** One that needs another before it comes after it; what is refused at the last is told. Returns the others. */
async function eachInTurn(
  context: LoadContext,
  tables: readonly TableFingerprint[],
  attempt: Attempt,
): Promise<TableFingerprint[]> {
  let pending = new Map<TableFingerprint, Refusal | null>(tables.map((table) => [table, null]));
  for (let before = Infinity; pending.size > 0 && pending.size < before;) {
    before = pending.size;
    const refused: typeof pending = new Map();
    for (const table of pending.keys()) {
      const refusal = await attempt(context, table);
      if (refusal !== null) refused.set(table, refusal);
    }
    pending = refused;
  }
  for (const [table, refusal] of pending) if (refusal !== null) tellRefused(context, table, refusal);
  return tables.filter((table) => !pending.has(table));
}

/**
 * Not truncated, which a table that others reference cannot be; and no trigger is to do more than that. That holds for
 * keys as well: by a superuser nothing is cascaded, and rows of tables that no backup holds may in the end refer to a row
 * that the source had taken away. Nothing looks at these again. What may not be filled afterwards is left as it is.
 */
async function emptyTable(context: LoadContext, table: TableFingerprint): Promise<Refusal | null> {
  const { admin, adminIsSuperuser } = context;
  const owned = await admin.query<{ found: number }>(
    `select 1 as found from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'e'
        and d.objid = pg_catalog.to_regclass($1)`,
    [quoteName(table)],
  );
  // Were it the tenant's, its CHECKs would run with all rights.
  if (owned.length === 0) {
    return {
      sqlState: undefined,
      message: "the table does not belong to an extension here",
      kind: "machine",
    };
  }
  const [may] = await admin.query<{ fill: boolean | null }>(
    `select pg_catalog.bool_and(pg_catalog.has_column_privilege(attrelid, attnum, 'insert')) as fill
       from pg_catalog.pg_attribute
      where attrelid = pg_catalog.to_regclass($1) and attname::text = any ($2) and not attisdropped`,
    [quoteName(table), table.columns],
  );
  if (may?.fill === false) {
    return { sqlState: "42501", message: "no right to insert rows into the table", kind: "machine" };
  }
  const quietly = adminIsSuperuser ? "set local session_replication_role = replica;\n" : "";
  try {
    await admin.query(`begin;\n${quietly}delete from only ${quoteName(table)};\ncommit`);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    await admin.query("rollback");
    return refusal;
  }
}

/**
 * The extension's own triggers sleep meanwhile: what they made of these rows in the source is in the rows, and made
 * once more it would be something else. Only an owner can put them to sleep, which the administrator of a server that
 * is kept by others often is not: there they run, since rows that were made twice over are still more than none. The keys
 * of this table are watched over, since the rows that they refer to may be such as no backup holds.
 */
async function fillTable(context: LoadContext, table: TableFingerprint): Promise<Refusal | null> {
  const found = await context.admin.query<{ name: string; always: boolean; isOurs: boolean }>(
    `select t.tgname::text as name, t.tgenabled = 'A' as always,
            pg_catalog.pg_has_role(c.relowner, 'usage') as "isOurs"
       from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
      where t.tgrelid = pg_catalog.to_regclass($1) and not t.tgisinternal and t.tgenabled in ('O', 'A')`,
    [quoteName(table)],
  );
  const triggers = found.filter(({ isOurs }) => isOurs);
  const each = (action: (always: boolean) => string): string =>
    triggers
      .map(
        ({ name, always }) =>
          `alter table only ${quoteName(table)} ${action(always)} trigger ${quoteIdent(name)};\n`,
      )
      .join("");
  // A table is not altered while keys of it are still to be looked at.
  const looked = triggers.length === 0 ? "" : "set constraints all immediate;\n";
  const refusal = await copyTable(context, context.admin, {
    table,
    into: table,
    begin: `begin;\n${each(() => "disable")}`,
    end: looked + each((always) => (always ? "enable always" : "enable")),
    frozen: false,
  });
  if (refusal === null && found.length > triggers.length) {
    context.ledger.note(
      `triggers of table ${table.schema}.${table.name} ran on the rows that were loaded, since only its owner can keep them from it`,
    );
  }
  return refusal;
}
