import { isFailure } from "../../base/failure.ts";
import { sqlStateOf } from "./errors.ts";
import type { Session } from "./session.ts";
import type { Pulse } from "./silence.ts";

/** A session, and the process that the server said serves it; a pooler may have said so in its place. */
export interface Served {
  readonly session: Session;
  readonly pid: number | null;
}

/** What the server, over a connection of its own, says of the session served by `pid`. Never throws. */
export async function takePulse(pid: number | null, open: () => Promise<Served>): Promise<Pulse> {
  try {
    const other = await open();
    await using session = other.session;
    const rows = await session.query<{ self: number; state: string | null; event: string | null }>(
      `select pg_catalog.pg_backend_pid() as self, a.state, a.wait_event as event
         from (select) as always left join pg_catalog.pg_stat_activity a on a.pid = $1`,
      [pid],
    );
    const [row] = rows;
    if (pid === null || row === undefined) return "unknown";
    // Behind a pooler the numbers are its own, and tell nothing.
    if (row.self !== other.pid) return "unknown";
    return await pulseOf(row, session, pid);
  } catch (error) {
    return isSilence(error) ? "silent" : "unknown";
  }
}

/** What systems say of a server that does not answer them. */
const silentCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);
/** What `pg` says where nobody else says anything. */
const silentWords = /^(?:timeout expired|Connection terminated(?: unexpectedly)?)$/;

/**
 * A server that refuses is there. Our own trouble in asking it, a name that is not found just now, no file left to
 * open, a certificate that was renewed, says nothing of a connection that stands since yesterday.
 */
function isSilence(error: unknown): boolean {
  if (sqlStateOf(error) !== undefined) return false;
  if (isFailure(error, "wait/expired")) return true;
  for (let at = error; at instanceof Error; at = at.cause) {
    if (("code" in at && silentCodes.has(at.code)) || silentWords.test(at.message)) return true;
  }
  return false;
}

async function pulseOf(
  { state, event }: { readonly state: string | null; readonly event: string | null },
  session: Session,
  pid: number,
): Promise<Pulse> {
  if (state === null) {
    // Whose session it is not may see that it is there and not what it does.
    const there = await session.query("select from pg_catalog.pg_stat_activity where pid = $1", [pid]);
    return there.length === 0 ? "gone" : "unknown";
  }
  if (state.startsWith("idle")) return "idle";
  // With track_activities off it is `disabled`, whatever the session does.
  if (state !== "active" && state !== "fastpath function call") return "unknown";
  if (event === "ClientWrite") return "waits-for-our-reading";
  return event === "ClientRead" ? "waits-for-us" : "works";
}
