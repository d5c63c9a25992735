import { cpuMsOf } from "../../base/cpu-time.ts";
import { Failure } from "../../base/failure.ts";
import { pause, type Waiting } from "../../base/waiting.ts";
import type { Session } from "../session/session.ts";
import type { SilenceLimits } from "../session/silence.ts";

interface Watched {
  /** By which the server knows its session. */
  readonly name: string;
  readonly pid: number | undefined;
  /** Bytes that it has given so far. */
  readonly printed: () => number;
}

/** pg_dump computes more for each byte of its rows, even where they come in large parts; in small ones much more. */
const cpuMsPerByte = 10e-6;

/**
 * A program that waits at a connection of its own, which is dead without anybody having said so, waits for ever:
 * it has no limit of time, nor could it tell one who takes his time from one who is gone. We see what it does not:
 * that it computes nothing, prints nothing, and that the server, asked over `session`, has long since been waiting for
 * it or has ended its session. Never returns; throws "source/lost" after `silenceMs` of that, or after twice as long
 * where it computed less than it takes to receive `leastBytesPerSecond`. Where the system or the
 * server does not tell, it is let be; so too where its name was never seen, since a pooler may give it another one.
 */
export async function watchProgram(
  { name, pid, printed }: Watched,
  session: Session,
  { silenceMs, leastBytesPerSecond }: Pick<SilenceLimits, "silenceMs" | "leastBytesPerSecond">,
  wait: Waiting,
): Promise<never> {
  const idleShare = (leastBytesPerSecond / 1000) * cpuMsPerByte;
  let before = "";
  let since = performance.now();
  let cpuMsBefore = 0;
  let wasSeen = false;
  for (;;) {
    await pause(silenceMs / 4, wait);
    const cpuMs = pid === undefined ? null : await cpuMsOf(pid);
    const served = await askAfter(name, session);
    wasSeen ||= served !== null;
    const seen = `${String(printed())} ${served?.changed ?? ""}`;
    // The server may have ended a session that was there, without its program having been told.
    const works = served?.works ?? !wasSeen;
    const lastedMs = performance.now() - since;
    const usedMs = (cpuMs ?? 0) - cpuMsBefore;
    if (seen !== before || cpuMs === null || usedMs > lastedMs * idleShare || works) {
      before = seen;
      cpuMsBefore = cpuMs ?? 0;
      since = performance.now();
    } else if (lastedMs >= silenceMs * (usedMs > 0 ? 2 : 1)) {
      const what = usedMs > 0 ? "carries next to nothing" : "is dead and nobody said so";
      throw new Failure(
        "source/lost",
        `the connection of pg_dump ${what}: the server waits for pg_dump, and pg_dump for the server`,
      );
    }
  }
}

interface Served {
  /** Whether the server works for it, or does not say. */
  readonly works: boolean;
  /** When what its session does changed; empty where the server does not say. */
  readonly changed: string;
}

/** null: the server shows no session of that name. */
async function askAfter(name: string, session: Session): Promise<Served | null> {
  const rows = await session.query<{ state: string | null; event: string | null; changed: string | null }>(
    `select state, wait_event as event, state_change::text as changed from pg_catalog.pg_stat_activity
      where application_name = $1 and pid <> pg_catalog.pg_backend_pid()`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const waits =
    row.state?.startsWith("idle") === true ||
    (row.state === "active" && (row.event === "ClientRead" || row.event === "ClientWrite"));
  return { works: !waits, changed: row.changed ?? "" };
}
