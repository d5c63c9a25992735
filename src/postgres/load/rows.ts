import { eachAtOnce } from "../../base/limit.ts";
import type { TableFingerprint } from "../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import { tell, type LoadContext } from "./context.ts";
import { runEntry } from "./entries.ts";
import { isTimeout, refusalOf, type Refusal } from "./report.ts";
import { isEarlyEnough, largeBytes, workOf } from "./row-work.ts";
import { Schedule } from "./schedule.ts";

/**
 * Loads the rows of the tables, the large ones first, over all sessions, and makes those of `postData` that can be
 * made of a large table's rows alone as soon as these are in; what it made is in the ledger. A table that is refused,
 * say by a CHECK that reads another table, is tried again after the others, at last with the database's own
 * search_path (trap 15); what is refused even then is a problem of the data.
 */
export async function loadRows(
  context: LoadContext,
  sessions: readonly Session[],
  tables: readonly TableFingerprint[],
  postData: readonly TocEntry[],
): Promise<void> {
  const [first] = sessions;
  if (first === undefined) return;
  const mine = tables.filter(({ rows, load }) => rows > 0 && load.kind !== "extension").toSorted(loadOrder);
  let refused: TableFingerprint[] = [];
  const schedule = new Schedule(workOf(context, mine, postData), context.entries, () => 0);
  await eachAtOnce(sessions, sessions.length, async (session) => {
    for (let work = await schedule.next(); work !== null; work = await schedule.next()) {
      try {
        const isDone =
          work.kind === "load"
            ? await loadFirst(context, session, work.table, refused)
            : isEarlyEnough(work, schedule.waiting) && (await runEarly(context, session, work.entry));
        if (isDone) schedule.done(work);
        else schedule.putOff(work);
      } catch (error) {
        // What ends one lane ends the load; the others need not fill the disk first.
        schedule.stop();
        throw error;
      }
    }
  });
  for (let before = Infinity; refused.length > 0 && refused.length < before;) {
    before = refused.length;
    const again: TableFingerprint[] = [];
    for (const table of refused) {
      if ((await loadTable(context, first, table, laterTry)) === null) {
        context.ledger.note(`table ${table.schema}.${table.name} could be loaded only after others`);
      } else again.push(table);
    }
    refused = again;
  }
  for (const table of refused) {
    const refusal = await loadTable(context, first, table, {
      ...laterTry,
      searchPath: context.ownSearchPath,
    });
    const name = `${table.schema}.${table.name}`;
    if (refusal === null)
      context.ledger.note(`table ${name} needs the database's own search_path to be loaded`);
    else tellRefused(context, table, refusal);
  }
  // An empty one too, which its extension's script has filled.
  await loadExtensionTables(
    context,
    tables.filter(({ load }) => load.kind === "extension"),
  );
}

/** Whether the rows are in. */
async function loadFirst(
  context: LoadContext,
  session: Session,
  table: TableFingerprint,
  refused: TableFingerprint[],
): Promise<boolean> {
  const refusal = await loadTable(context, session, table, firstTry);
  if (refusal === null) return true;
  if (isTimeout(refusal)) tellRefused(context, table, refusal);
  else refused.push(table);
  return false;
}

/** Whether it was made; what is refused is tried again with all others. */
async function runEarly(context: LoadContext, session: Session, entry: TocEntry): Promise<boolean> {
  const refusal = await runEntry(context, session, entry, "");
  if (refusal === null) context.ledger.applied(entry);
  else if (isTimeout(refusal)) context.ledger.failed(entry, refusal);
  return refusal === null;
}

function tellRefused({ ledger }: LoadContext, { schema, name }: TableFingerprint, refusal: Refusal): void {
  ledger.problem(`TABLE DATA ${schema}.${name}`, refusal);
}

function loadOrder(a: TableFingerprint, b: TableFingerprint): number {
  const [largeA, largeB] = [a.bytes > largeBytes, b.bytes > largeBytes];
  if (largeA || largeB) return b.bytes - a.bytes;
  const [sliceA, sliceB] = [a.slices[0], b.slices[0]];
  const byStream = (sliceA?.stream ?? "").localeCompare(sliceB?.stream ?? "");
  return byStream === 0 ? (sliceA?.offset ?? 0) - (sliceB?.offset ?? 0) : byStream;
}

interface Try {
  readonly searchPath: string;
  /** Whether rows that are ordered are written frozen. */
  readonly frozen: boolean;
}

/** A server that has a reason of its own against freezing gives it on the first try. */
const firstTry: Try = { searchPath: "", frozen: true };
const laterTry: Try = { searchPath: "", frozen: false };

/** All or nothing; `null` when the table was loaded. */
async function loadTable(
  context: LoadContext,
  session: Session,
  table: TableFingerprint,
  { searchPath, frozen }: Try,
): Promise<Refusal | null> {
  const into = table.load.kind === "through-root" ? table.load.root : table;
  // Truncated in the same transaction, the table is filled strictly in order and without a thought for
  // free space, so that a scan reads the bytes of the stream again (trap 13).
  // Nobody else sees it before the commit, so its rows can be written as they will be once all have forgotten the
  // load: the first that reads them, be it an index or the comparison, need not write every page again.
  const isOrdered = table.load.kind === "ordered";
  const empty = isOrdered ? `truncate only ${quoteName(table)}` : "";
  return copyTable(context, session, {
    table,
    into,
    begin: `begin;\n${context.preamble(searchPath)}${empty}`,
    frozen: isOrdered && frozen,
  });
}

/**
 * Rows of an extension's configuration tables replace those that its script put there; a table that
 * references another comes after it. As the administrator, since they are the extension's own.
 */
async function loadExtensionTables(context: LoadContext, tables: readonly TableFingerprint[]): Promise<void> {
  let pending = tables;
  const refusals = new Map<TableFingerprint, Refusal>();
  for (let before = Infinity; pending.length > 0 && pending.length < before;) {
    before = pending.length;
    const refused: TableFingerprint[] = [];
    for (const table of pending) {
      const refusal = await loadExtensionTable(context, table);
      if (refusal === null) continue;
      refusals.set(table, refusal);
      refused.push(table);
    }
    pending = refused;
  }
  for (const table of pending) {
    const refusal = refusals.get(table);
    if (refusal !== undefined) tellRefused(context, table, refusal);
  }
}

async function loadExtensionTable(context: LoadContext, table: TableFingerprint): Promise<Refusal | null> {
  const owned = await context.admin.query<{ found: number }>(
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
  // Not truncated, which a table that others reference cannot be.
  return copyTable(context, context.admin, {
    table,
    into: table,
    begin: `begin;\ndelete from only ${quoteName(table)}`,
    frozen: false,
  });
}

interface TableCopy {
  readonly table: TableFingerprint;
  readonly into: { readonly schema: string; readonly name: string };
  readonly begin: string;
  readonly frozen: boolean;
}

async function copyTable(
  context: LoadContext,
  session: Session,
  { table, into, begin, frozen }: TableCopy,
): Promise<Refusal | null> {
  const columns = table.columns.length === 0 ? "" : ` (${table.columns.map(quoteIdent).join(", ")})`;
  const encoding = quoteLiteral(context.fingerprint.database.encoding);
  const bytesBefore = { taken: 0 };
  try {
    await session.query(begin);
    const source = counted(context, table, bytesBefore);
    const rows = await session.copyIn(
      `copy ${quoteName(into)}${columns} from stdin (encoding ${encoding}${frozen ? ", freeze" : ""})`,
      source,
    );
    await session.query("commit");
    context.ledger.rows += rows;
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    await session.query("rollback");
    context.ledger.bytes -= bytesBefore.taken;
    return refusal;
  }
}

/** The table's COPY text, counted as it passes. */
async function* counted(
  context: LoadContext,
  table: TableFingerprint,
  count: { taken: number },
): AsyncGenerator<Uint8Array> {
  for (const { stream, offset, bytes } of table.slices) {
    if (bytes === 0) continue;
    for await (const part of context.image.read(stream, { from: offset, to: offset + bytes }, context.wait)) {
      yield part;
      count.taken += part.length;
      context.ledger.bytes += part.length;
      tell(context, "rows");
    }
  }
}
