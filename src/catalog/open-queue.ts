import { DatabaseError } from "pg";
import { PgBoss, type QueueOptions } from "pg-boss";
import { z } from "zod";
import type { Waiting } from "../base/waiting.ts";
import { queueNames } from "../model/job.ts";
import { deadLettersOf, deadName, dropDeadLetters } from "./dead-letters.ts";
import { catalogFailure } from "./failures.ts";
import { type Lines, linesOf } from "./lines.ts";
import { type Ask, backupWaits, daemonsSeen, jobsRunning } from "./look-queue.ts";
import type { JobQueue } from "./queue.ts";
import { callsOver, type OpenQueue } from "./queue-calls.ts";
import { countsOf, supervisorOf } from "./queue-care.ts";
import type { QueueSettings } from "./queue-settings.ts";
import { addTo, retryLimit, takeFrom } from "./queue-work.ts";
import { judgeSilence } from "./silence.ts";
import { steadyClock } from "./steady-clock.ts";

const schema = "holdfast_queue";
/** To give back what is taken, and to hang up. */
const stopLimitMs = 5000;
/** The most that pg-boss allows; no job of ours may take so long. */
const expireInSeconds = 86_400 - 60;
/** For ever, to a fleet: work that nobody has done yet, or that was given up, must not end by lying there. */
const retentionSeconds = 10 * 366 * 86_400;
/** With 5 s to begin with, a job is given up after about three hours. */
const retries = { retryLimit, retryBackoff: true, retryDelayMax: 1800 } as const;
const applicationName = "holdfast daemon ";

export async function openQueue(settings: QueueSettings, wait: Waiting): Promise<JobQueue> {
  const lines = linesOf(settings.connection);
  const boss = bossOn(lines, settings);
  const silence = judgeSilence(settings.heartbeatMs, settings.monotonicMs);
  const call = callsOver(silence);
  boss.on("error", (error: unknown) => {
    const failure = catalogFailure("work the queue", whole(error));
    // A statement that was refused shows that the rest gets through.
    if (failure.code === "catalog/unreachable") silence.troubled();
    settings.onTrouble(failure);
  });
  try {
    await call("start the queue", boss.start(), wait);
    if (settings.mode === "work") await call("make the queues", makeQueues(boss, settings), wait);
  } catch (error) {
    await stop(boss, lines);
    throw error;
  }

  const ask: Ask = (text, values) => boss.getDb().executeSql(text, values);
  const open: OpenQueue = { boss, call, ask, settings, silence };
  return {
    add: addTo(open),
    take: takeFrom(open),
    supervise: supervisorOf(open, schema),
    counts: (bound) => countsOf(open, bound),
    deadLetters: (bound) => deadLettersOf(open, bound),
    dropDeadLetters: (dead, bound) => dropDeadLetters(open, dead, bound),
    daemons: (bound) => call("see who runs", daemonsSeen(ask, applicationName), bound),
    backupWaits: (tenant, bound) =>
      call("see whether a backup waits", backupWaits(ask, schema, tenant), bound),
    running: (limit, bound) => call("see what runs", jobsRunning(ask, schema, limit), bound),
    [Symbol.asyncDispose]: () => stop(boss, lines),
  };
}

function bossOn({ options }: Lines, { mode, hostName, monotonicMs }: QueueSettings): PgBoss {
  // All of it goes to the pool as it stands; the library's types name only a part.
  const way: object = options;
  return new PgBoss({
    ...way,
    application_name: mode === "work" ? `${applicationName}${hostName}` : "holdfast",
    schema,
    max: 6,
    clock: steadyClock(monotonicMs),
    // Holdfast has a scheduler of its own, whose truth is the catalog's watermark.
    schedule: false,
    migrate: mode === "work",
    // Done by hand, see `supervisorOf`.
    supervise: false,
    monitorIntervalSeconds: 5,
    maintenanceIntervalSeconds: 300,
  });
}

async function makeQueues(boss: PgBoss, { heartbeatMs, firstRetryMs }: QueueSettings): Promise<void> {
  for (const queue of queueNames) {
    await boss.createQueue(deadName(queue), { retentionSeconds });
    await boss.updateQueue(deadName(queue), { retentionSeconds });
    const options: QueueOptions & { deadLetter: string } = {
      ...retries,
      retryDelay: Math.ceil(firstRetryMs / 1000),
      expireInSeconds,
      retentionSeconds,
      heartbeatSeconds: Math.ceil(heartbeatMs / 1000),
      // What was done is told by the history.
      deleteAfterSeconds: 3600,
      deadLetter: deadName(queue),
    };
    await boss.createQueue(queue, { ...options, policy: queue === "backup" ? "standard" : "exclusive" });
    await boss.updateQueue(queue, options);
  }
}

/** The library tells some errors as copies, which have their fields and their class no more. */
function whole(error: unknown): unknown {
  const { success, data } = z.looseObject({ message: z.string() }).safeParse(error);
  if (error instanceof Error || !success) return error;
  const made = "severity" in data ? new DatabaseError(data.message, 0, "error") : new Error(data.message);
  return Object.assign(made, data);
}

async function stop(boss: PgBoss, lines: Lines): Promise<void> {
  // What runs was waited for before; nobody is there any more to hear of a catalog that is down.
  await lines.ended(boss.stop({ graceful: false, close: true }), stopLimitMs);
}
