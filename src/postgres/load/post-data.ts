import { eachAtOnce } from "../../base/limit.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import { runEntries, runEntry } from "./entries.ts";
import { isTimeout } from "./report.ts";
import { Schedule } from "./schedule.ts";

/**
 * Indexes and constraints over all `jobs` connections, then foreign keys, then the rest, each after
 * what it depends on. What is refused, be it for a deadlock, is tried again alone at the end.
 */
export async function runPostData(
  context: LoadContext,
  sessions: readonly Session[],
  entries: readonly TocEntry[],
): Promise<void> {
  const [first] = sessions;
  if (first === undefined) return;
  const schedule = new Schedule(entries, context.entries, rankOf);
  const refused: TocEntry[] = [];
  await eachAtOnce(sessions, sessions.length, async (session) => {
    for (let entry = await schedule.next(); entry !== null; entry = await schedule.next()) {
      try {
        const refusal = await runEntry(context, session, entry, "");
        if (refusal === null) context.ledger.applied(entry);
        else if (isTimeout(refusal)) context.ledger.failed(entry, refusal);
        else refused.push(entry);
      } catch (error) {
        schedule.stop();
        throw error;
      }
      schedule.done(entry);
    }
  });
  await runEntries(context, first, refused);
}

/** Whole ranks run one after the other. */
function rankOf({ desc }: TocEntry): number {
  switch (desc) {
    case "FK CONSTRAINT":
    case "CHECK CONSTRAINT":
      return 1;
    case "TRIGGER":
    case "POLICY":
    case "ROW SECURITY":
    case "STATISTICS":
      return 2;
    default:
      return 0;
  }
}
