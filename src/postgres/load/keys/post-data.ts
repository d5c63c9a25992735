import { eachAtOnce } from "../../../base/limit.ts";
import { quoteName } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { LoadContext } from "../context.ts";
import { runEntries, runEntry } from "../entries.ts";
import { indexesBefore } from "./foreign-key-check.ts";
import { isTimeout } from "../report.ts";
import { Schedule } from "../schedule.ts";

/**
 * Indexes and constraints over all `jobs` connections, those of the largest tables first, and foreign keys as soon
 * as what they depend on is there, with the indexes that they are checked along; then the rest. What is refused, be it
 * for a deadlock, is tried again alone at the end.
 */
export async function runPostData(
  context: LoadContext,
  sessions: readonly Session[],
  entries: readonly TocEntry[],
): Promise<void> {
  const [first] = sessions;
  if (first === undefined) return;
  const indexes = indexesBefore(context.entries);
  const works = largestFirst(context, entries).map((entry) => {
    const { dumpId, desc, dependencies } = entry;
    const part = context.keyParts.get(dumpId);
    const root = part === undefined || part.kind === "root" ? [] : [part.root];
    return { entry, dumpId, desc, dependencies: [...dependencies, ...indexes(entry), ...root] };
  });
  const schedule = new Schedule(works, context.entries, ({ entry }) => rankOf(entry));
  const refused: TocEntry[] = [];
  await eachAtOnce(sessions, sessions.length, async (session) => {
    for (let work = await schedule.next(); work !== null; work = await schedule.next()) {
      const { entry } = work;
      try {
        const refusal = await runEntry(context, session, entry, "");
        if (refusal === null) context.ledger.applied(entry);
        else if (isTimeout(refusal)) context.ledger.failed(entry, refusal);
        else refused.push(entry);
      } catch (error) {
        schedule.stop();
        throw error;
      }
      schedule.done(work);
    }
  });
  await runEntries(context, first, refused);
}

/** What is loaded. */
export interface Loaded extends Pick<LoadContext, "entries"> {
  readonly fingerprint: Pick<LoadContext["fingerprint"], "tables">;
}

/** Whole ranks run one after the other. */
function rankOf({ desc }: TocEntry): number {
  return ["TRIGGER", "POLICY", "ROW SECURITY", "STATISTICS"].includes(desc) ? 1 : 0;
}

/**
 * So that no lane is left alone with the largest at the end. Foreign keys come first, as soon as they can be: each of them
 * keeps all others away from two tables, so that those left to the end would go one by one, and any index beside them
 * keeps the other lanes busy. Those of partitioned tables come last: the server takes every partition with them, of
 * which the schedule knows nothing, and a lane would sleep until each index of a partition that was begun is made.
 */
export function largestFirst(
  { fingerprint, entries: all }: Loaded,
  entries: readonly TocEntry[],
): TocEntry[] {
  const bytes = new Map(fingerprint.tables.map((table) => [quoteName(table), table.bytes]));
  const bytesOf = new Map(
    all
      .filter(({ desc }) => desc === "TABLE")
      .map(({ dumpId, namespace, tag }) => [
        dumpId,
        bytes.get(quoteName({ schema: namespace, name: tag })) ?? 0,
      ]),
  );
  const sizeOf = ({ dependencies }: TocEntry): number =>
    dependencies.reduce((most, id) => Math.max(most, bytesOf.get(id) ?? 0), 0);
  const partitioned = new Set(all.filter(isPartitioned).map(({ dumpId }) => dumpId));
  const turnOf = ({ desc, dependencies }: TocEntry): number => {
    if (desc === "FK CONSTRAINT") return dependencies.some((id) => partitioned.has(id)) ? 2 : 0;
    return desc === "CHECK CONSTRAINT" ? 2 : 1;
  };
  return entries.toSorted((one, other) => turnOf(one) - turnOf(other) || sizeOf(other) - sizeOf(one));
}

function isPartitioned({ desc, defn }: TocEntry): boolean {
  return desc === "TABLE" && /^PARTITION BY /m.test(defn);
}
