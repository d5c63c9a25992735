/** The workers of this host: which queues it takes jobs of, and how many at once. */
import type { Waiting } from "../base/waiting.ts";
import type { JobEnd, TakenJob } from "../catalog/queue.ts";
import type { Config } from "../config/config.ts";
import { type QueueName, queueNames } from "../model/job.ts";
import type { Generation } from "./household.ts";
import type { Shop } from "./shop.ts";
import { workJob } from "./work-job.ts";
import { works } from "./works.ts";

export interface Workers {
  /** Takes jobs as the configuration in force says; called again after every reload. */
  arrange(): Promise<void>;
  /** Takes no more jobs; resolves once those that run have ended. */
  stop(): Promise<void>;
  readonly counts: { readonly ended: number; readonly putBack: number };
  running(): number;
}

/** `wait` ends when running jobs must end too. */
export function hireWorkers(shop: Shop, wait: Waiting): Workers {
  const places = new Map<QueueName, number>();
  const counts = { ended: 0, putBack: 0 };
  let running = 0;
  const handle = async (taken: TakenJob): Promise<JobEnd> => {
    running += 1;
    try {
      const end = await dispatch(shop, taken, wait);
      if (end.kind === "later") counts.putBack += wait.signal.aborted ? 1 : 0;
      else counts.ended += 1;
      return end;
    } finally {
      running -= 1;
    }
  };
  return {
    counts,
    running: () => running,
    arrange: async () => {
      const generation = shop.household.current();
      for (const queue of queueNames) {
        const wanted = placesOf(queue, generation);
        if ((places.get(queue) ?? 0) === wanted) continue;
        if (places.has(queue)) await shop.queue.stopTaking(queue);
        places.set(queue, wanted);
        if (wanted > 0) await shop.queue.take(queue, wanted, handle);
        shop.log.info("workers arranged", { queue, places: wanted, because: generation.roles[queue] });
      }
    },
    stop: async () => {
      await Promise.all(queueNames.map(async (queue) => shop.queue.stopTaking(queue)));
    },
  };
}

function placesOf(queue: QueueName, { config, roles }: Generation): number {
  if (roles[queue] !== null || works[queue] === undefined) return 0;
  return placesInConfig(queue, config);
}

/** Healing is the second half of replicating: bytes of another store, put where they lack. */
function placesInConfig(queue: QueueName, { daemon: { jobs } }: Config): number {
  return queue === "heal" ? jobs.replicate : jobs[queue];
}

async function dispatch(shop: Shop, taken: TakenJob, wait: Waiting): Promise<JobEnd> {
  const { job } = taken;
  const missing: JobEnd = { kind: "later", afterMs: shop.pace.busyMs };
  switch (job.queue) {
    case "backup":
      return works.backup === undefined ? missing : workJob(shop, works.backup, { job, taken }, wait);
    case "verify":
      return works.verify === undefined ? missing : workJob(shop, works.verify, { job, taken }, wait);
    case "replicate":
      return works.replicate === undefined ? missing : workJob(shop, works.replicate, { job, taken }, wait);
    case "scrub":
      return works.scrub === undefined ? missing : workJob(shop, works.scrub, { job, taken }, wait);
    case "heal":
      return works.heal === undefined ? missing : workJob(shop, works.heal, { job, taken }, wait);
    case "prune":
      return works.prune === undefined ? missing : workJob(shop, works.prune, { job, taken }, wait);
  }
}
