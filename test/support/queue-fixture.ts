/** A queue as a daemon opens it, on a test's own server; fast enough to be waited for. */
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connectionOptions } from "../../src/catalog/connection.ts";
import { openQueue } from "../../src/catalog/open-queue.ts";
import type { QueueSettings } from "../../src/catalog/queue-settings.ts";
import type { JobQueue } from "../../src/catalog/queue.ts";
import { testWait } from "./postgres-server.ts";

export async function openTestQueue(
  server: PrivateServer,
  { database = "catalog", ...more }: Partial<QueueSettings> & { readonly database?: string } = {},
): Promise<JobQueue> {
  const { host, port, user, password } = server.address;
  // Opened long ago, so that workers that are not heard of may be taken for dead at once.
  let sinceMs = 0;
  const queue = await openQueue(
    {
      connection: await connectionOptions({ host, port, user, password, database }),
      hostName: "one",
      mode: "work",
      heartbeatMs: 10_000,
      firstRetryMs: 1000,
      pollMs: 500,
      monotonicMs: () => performance.now() + sinceMs,
      onTrouble: () => undefined,
      ...more,
    },
    testWait(),
  );
  sinceMs = 3_600_000;
  return queue;
}
