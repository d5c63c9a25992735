/** What the queue's tables say of times that are yet to come, which a clock wrote that was ahead. */
import type { Ask } from "./look-queue.ts";

/**
 * Pulls back to now what can only have been dated by a clock that was ahead and has been set right since: work that was
 * put back or given up then would wait as long as that clock was ahead, a worker that died then would count as
 * living, and what frees such work would be taken for just done. Nothing is put off by an hour: retries wait half of
 * one at most.
 */
export async function pullBackTimes(ask: Ask, schema: string): Promise<void> {
  const far = "now() + interval '1 hour'";
  const stamps = (names: readonly string[]): string =>
    names.map((name) => `${name} = case when ${name} > ${far} then now() else ${name} end`).join(", ");
  for (const [table, names] of stamped) {
    await ask(
      `update ${schema}.${table} set ${stamps(names)} where greatest(${names.join(", ")}) > ${far}`,
      [],
    );
  }
}

const stamped = [
  ["job", ["created_on", "start_after", "heartbeat_on"]],
  ["queue", ["monitor_claim_on", "monitor_on", "maintain_on", "delta_on"]],
  ["version", ["bam_on", "cron_on", "flow_on", "monitor_backoff_on", "reindex_on"]],
] as const;
