import { type ClientConfig, DatabaseError } from "pg";
import { type JobResult, PgBoss, type QueueOptions } from "pg-boss";
import { z } from "zod";
import { orAbort, type Waiting, within } from "../base/waiting.ts";
import { type Job, jobKey, type QueueName, queueNames } from "../model/job.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { catalogFailure } from "./failures.ts";
import { type Lines, linesOf } from "./lines.ts";
import { type Ask, backupWaits, daemonsSeen, jobsRunning } from "./look-queue.ts";
import { pullBackTimes } from "./queue-times.ts";
import { judgeSilence } from "./silence.ts";
import { steadyClock } from "./steady-clock.ts";
import { deadLetterOf, inserted, laterKey, otherKey, takenJob } from "./stored-job.ts";
import type { JobEnd, JobQueue, QueueCount, TakenJob } from "./queue.ts";

export interface QueueSettings {
  readonly connection: ClientConfig;
  readonly hostName: string;
  /** `work` makes and migrates the queue's schema; `look` only reads what a daemon made. */
  readonly mode: "work" | "look";
  /** A job whose worker has not been heard of for so long is free again; at least 10 s. */
  readonly heartbeatMs: number;
  /** The delay before the first retry, at least 1 s; it doubles with each one, up to half an hour. */
  readonly firstRetryMs: number;
  /** How often each queue is looked at for new jobs; at least 500 ms. */
  readonly pollMs: number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** Trouble that concerns nobody's call, such as a heartbeat that did not get through. */
  readonly onTrouble: (failure: Failure) => void;
}

const schema = "holdfast_queue";
const callLimitMs = 60_000;
/** To give back what is taken, and to hang up. */
const stopLimitMs = 5000;
/** Reads every job there is. */
const pullBackMs = 60_000;
/** The most that pg-boss allows; no job of ours may take so long. */
const expireInSeconds = 86_400 - 60;
/** For ever, to a fleet: work that nobody has done yet, or that was given up, must not end by lying there. */
const retentionSeconds = 10 * 366 * 86_400;
/** With 5 s to begin with, a job is given up after about three hours. */
const retries = { retryLimit: 12, retryBackoff: true, retryDelayMax: 1800 } as const;
const applicationName = "holdfast daemon ";

export async function openQueue(settings: QueueSettings, wait: Waiting): Promise<JobQueue> {
  // All of it goes to the pool as it stands; the library's types name only a part.
  const lines = linesOf(settings.connection);
  const way: object = lines.options;
  const boss = new PgBoss({
    ...way,
    application_name: settings.mode === "work" ? `${applicationName}${settings.hostName}` : "holdfast",
    schema,
    max: 6,
    clock: steadyClock(settings.monotonicMs),
    // Holdfast has a scheduler of its own, whose truth is the catalog's watermark.
    schedule: false,
    migrate: settings.mode === "work",
    // Done by hand, see `supervise` below.
    supervise: false,
    monitorIntervalSeconds: 5,
    maintenanceIntervalSeconds: 300,
  });
  const silence = judgeSilence(settings.heartbeatMs, settings.monotonicMs);
  boss.on("error", (error: unknown) => {
    const failure = catalogFailure("work the queue", whole(error));
    // A statement that was refused shows that the rest gets through.
    if (failure.code === "catalog/unreachable") silence.troubled();
    settings.onTrouble(failure);
  });
  const call = async <T>(what: string, work: Promise<T>, bound: Waiting): Promise<T> => {
    try {
      const answer = await orAbort(work, within(bound, callLimitMs));
      silence.answered();
      return answer;
    } catch (error) {
      const failure =
        isFailure(error, "wait/expired") && !bound.signal.aborted
          ? new Failure("catalog/unreachable", `${what}: no answer`, { cause: error })
          : catalogFailure(what, error);
      if (failure.code === "catalog/unreachable") silence.unanswered();
      throw failure;
    }
  };
  try {
    await call("start the queue", boss.start(), wait);
    if (settings.mode === "work") await call("make the queues", makeQueues(boss, settings), wait);
  } catch (error) {
    await stop(boss, lines);
    throw error;
  }

  const add: JobQueue["add"] = async (jobs, { afterMs, sql }, bound) => {
    for (const [name, ofQueue] of Map.groupBy(jobs, ({ job }) => job.queue)) {
      const made = ofQueue.map((one) => inserted(one, afterMs ?? 0, jobKey(one.job)));
      await call("add jobs", boss.insert(name, made, sql === undefined ? {} : { db: sql }), bound);
    }
  };

  let pulledBackMs = -Infinity;
  const ask: Ask = (text, values) => boss.getDb().executeSql(text, values);

  const settle = async (taken: TakenJob, key: string, end: JobEnd): Promise<JobResult> => {
    const { id, job, source, since } = taken;
    switch (end.kind) {
      case "done":
        try {
          await call("drop dead letters", forget(boss, job), { signal: new AbortController().signal });
        } catch (error) {
          // What is done is done; the letter goes with the next time.
          settings.onTrouble(catalogFailure("drop dead letters", error));
        }
        return { id, status: "completed" };
      case "later": {
        const again = {
          ...inserted({ job, source }, end.afterMs + spreadMs(id, settings.pollMs), otherKey(job, key)),
          data: { job, begun: true, since: since.toISOString() },
        };
        await boss.insert(job.queue, [again]);
        return { id, status: "completed" };
      }
      case "failed":
        if (!end.retryable || taken.last) await forget(boss, job);
        return { id, status: end.retryable ? "failed" : "deadletter", output: { code: end.code } };
    }
  };

  return {
    add,
    take: async (queue, places, handle) => {
      const id = await boss.work<unknown, unknown, WorkOptions>(
        queue,
        {
          perJobResults: true,
          includeMetadata: true,
          batchSize: 1,
          localConcurrency: places,
          pollingIntervalSeconds: settings.pollMs / 1000,
          // A source that is busy everywhere must not fill the places of this host with its jobs.
          groupConcurrency: { default: 64, tiers: placesByTier },
        },
        async (taken) => {
          const ends: JobResult[] = [];
          for (const one of taken) {
            const known = takenJob(one, retries.retryLimit);
            // Nobody can do what nobody can read; the dead letter tells.
            if (known === null)
              ends.push({ id: one.id, status: "deadletter", output: { code: "format/invalid" } });
            else ends.push(await settle(known, one.singletonKey ?? "", await handle(known)));
          }
          return ends;
        },
      );
      return { stop: async () => boss.offWork(queue, { id, wait: true }) };
    },
    supervise: async (bound) => {
      await call("ask whether the queue answers", ask("select 1", []), bound);
      if (settings.monotonicMs() - pulledBackMs >= pullBackMs) {
        await call("pull back times of the queue", pullBackTimes(ask, schema), bound);
        pulledBackMs = settings.monotonicMs();
      }
      if (!silence.isDeath()) return;
      await call("free the jobs of dead workers", boss.supervise(), bound);
    },
    counts: async (bound) => {
      const queues = await call("count jobs", boss.getQueues(), bound);
      return queueNames.flatMap((queue): QueueCount[] => {
        const living = queues.find(({ name }) => name === queue);
        const dead = queues.find(({ name }) => name === deadName(queue));
        return [
          { queue, state: "ready", jobs: living?.readyCount ?? 0 },
          { queue, state: "deferred", jobs: living?.deferredCount ?? 0 },
          { queue, state: "active", jobs: living?.activeCount ?? 0 },
          { queue, state: "dead", jobs: dead?.queuedCount ?? 0 },
        ];
      });
    },
    deadLetters: async (bound) => {
      const found = await Promise.all(
        queueNames.map(async (queue) => {
          const jobs = await call(
            "read dead letters",
            boss.findJobs<unknown>(deadName(queue), { queued: true }),
            bound,
          );
          return jobs.flatMap((one) => deadLetterOf(queue, one));
        }),
      );
      return found.flat();
    },
    dropDeadLetters: async (dead, bound) => {
      for (const [queue, letters] of Map.groupBy(dead, (one) => one.queue))
        await call(
          "drop dead letters",
          boss.deleteJob(
            deadName(queue),
            letters.map(({ id }) => id),
          ),
          bound,
        );
    },
    daemons: (bound) => call("see who runs", daemonsSeen(ask, applicationName), bound),
    backupWaits: (tenant, bound) =>
      call("see whether a backup waits", backupWaits(ask, schema, tenant), bound),
    running: (limit, bound) => call("see what runs", jobsRunning(ask, schema, limit), bound),
    [Symbol.asyncDispose]: () => stop(boss, lines),
  };
}

interface WorkOptions {
  readonly perJobResults: true;
  readonly includeMetadata: true;
  readonly batchSize: number;
  readonly localConcurrency: number;
  readonly pollingIntervalSeconds: number;
  readonly groupConcurrency: { default: number; tiers: Record<string, number> };
}

/** The tier of a job says how many of its group may run; as many as the configuration allows to be written. */
const placesByTier = Object.fromEntries(
  Array.from({ length: 64 }, (_, index) => [String(index + 1), index + 1]),
);

function deadName(queue: QueueName): string {
  return `${queue}.dead`;
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

/**
 * All hosts look as often, so that the one which puts a job back each time would find it ready before any other one,
 * for ever. The id of a job put back is chance enough.
 */
function spreadMs(id: string, pollMs: number): number {
  return Math.floor((Number.parseInt(id.slice(0, 4), 16) / 0x10000) * pollMs);
}

/** Dead letters are about work that is still to be done. */
async function forget(boss: PgBoss, job: Job): Promise<void> {
  for (const key of [jobKey(job), laterKey(job)]) {
    const dead = await boss.findJobs(deadName(job.queue), { key, queued: true });
    if (dead.length > 0)
      await boss.deleteJob(
        deadName(job.queue),
        dead.map(({ id }) => id),
      );
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
