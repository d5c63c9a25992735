import { Failure } from "../../base/failure.ts";
import { pause, type Waiting } from "../../base/waiting.ts";
import type { Session } from "../session/session.ts";

/**
 * Looks, over a connection of its own, for sessions that wait for a lock that `holder` has; returns
 * never, throws "source/busy" once the same session has waited for `yieldAfterMs`. Our readers and pg_dump
 * have no lock that the holder has not, so to watch the holder is to watch them all. The time is the
 * source's. Everybody may see pg_locks, while pg_stat_activity hides the sessions of others.
 */
export async function watchLocks(
  session: Session,
  holder: () => number | null,
  yieldAfterMs: number,
  wait: Waiting,
): Promise<never> {
  const intervalMs = Math.min(1000, Math.max(50, yieldAfterMs / 4));
  const since = new Map<number, number>();
  for (;;) {
    await pause(intervalMs, wait);
    const pid = holder();
    if (pid === null) continue;
    const waiting = await session.query<{ pid: number; nowMs: number }>(
      `select distinct w.pid, (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::float8 as "nowMs"
         from pg_catalog.pg_locks w
        where not w.granted and w.pid is not null and $1::int = any (pg_catalog.pg_blocking_pids(w.pid))`,
      [pid],
    );
    for (const known of since.keys()) if (!waiting.some((one) => one.pid === known)) since.delete(known);
    for (const one of waiting) {
      const first = since.get(one.pid) ?? one.nowMs;
      since.set(one.pid, first);
      if (one.nowMs - first >= yieldAfterMs) throw blocked(one.pid, yieldAfterMs);
    }
  }
}

function blocked(pid: number, yieldAfterMs: number): Failure {
  const seconds = String(Math.round(yieldAfterMs / 100) / 10);
  return new Failure(
    "source/busy",
    `session ${String(pid)} of the source waited ${seconds} s for a lock that the backup holds; the backup gave way`,
  );
}
