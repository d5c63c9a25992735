import { eachAtOnce } from "../../../base/limit.ts";
import type { TableFingerprint } from "../../../model/fingerprint.ts";
import { quoteName } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { LoadContext } from "../context.ts";
import { copyTable, tellRefused } from "./copy-table.ts";
import { runEntry } from "../entries.ts";
import { loadExtensionRows } from "../extensions/extension-rows.ts";
import { isTimeout, type Refusal } from "../report.ts";
import { isEarlyEnough, largeBytes, workOf } from "./row-work.ts";
import { Schedule } from "../schedule.ts";

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
  await loadExtensionRows(
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
