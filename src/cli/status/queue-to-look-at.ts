/** The queue beside a catalog, to look at and not to work. */
import { isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { openQueue } from "../../catalog/open-queue.ts";
import type { JobQueue } from "../../catalog/queue.ts";
import { usualPace } from "../../daemon/pace.ts";
import type { Machine } from "../../desk/machine.ts";

/** Null before the first daemon, which makes it. `await using`. */
export async function queueToLookAt(
  { connection }: Pick<Catalog, "connection">,
  { hostName, monotonicMs }: Pick<Machine, "hostName" | "monotonicMs">,
  wait: Waiting,
): Promise<JobQueue | null> {
  const { heartbeatMs, pollMs, firstRetryMs } = usualPace;
  const settings = { connection, hostName, heartbeatMs, pollMs, firstRetryMs, monotonicMs };
  try {
    return await openQueue({ ...settings, mode: "look", onTrouble: () => undefined }, wait);
  } catch (error) {
    if (!isFailure(error, "catalog/failed") || wait.signal.aborted) throw error;
    return null;
  }
}
