/** The workers of this host: which queues it takes jobs of, and how many at once. */
import type { Waiting } from "../base/waiting.ts";
import type { JobEnd, TakenJob } from "../catalog/queue.ts";
import { type QueueName, queueNames } from "../model/job.ts";
import { placesOf } from "./places.ts";
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
  let stopped = false;
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
      // Each queue by itself: where places are taken away, those that are busy are waited for.
      await Promise.all(
        queueNames.map(async (queue) => {
          const wanted = placesOf(queue, generation);
          const before = places.get(queue) ?? 0;
          if (before === wanted) return;
          places.set(queue, wanted);
          if (before > 0) await shop.queue.stopTaking(queue);
          if (wanted > 0 && !stopped) await shop.queue.take(queue, wanted, handle);
          shop.log.info("workers arranged", { queue, places: wanted, because: generation.roles[queue] });
        }),
      );
    },
    stop: async () => {
      stopped = true;
      await Promise.all(queueNames.map(async (queue) => shop.queue.stopTaking(queue)));
    },
  };
}

async function dispatch(shop: Shop, taken: TakenJob, wait: Waiting): Promise<JobEnd> {
  const { job } = taken;
  switch (job.queue) {
    case "backup":
      return workJob(shop, works.backup, { job, taken }, wait);
    case "verify":
      return workJob(shop, works.verify, { job, taken }, wait);
    case "replicate":
      return workJob(shop, works.replicate, { job, taken }, wait);
    case "scrub":
      return workJob(shop, works.scrub, { job, taken }, wait);
    case "heal":
      return workJob(shop, works.heal, { job, taken }, wait);
    case "prune":
      return workJob(shop, works.prune, { job, taken }, wait);
  }
}
