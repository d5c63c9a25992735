/** The workers of this host: which queues it takes jobs of, and how many at once. */
import type { Waiting } from "../base/waiting.ts";
import type { JobEnd, TakenJob } from "../catalog/queue.ts";
import { type QueueName, queueNames } from "../model/job.ts";
import { type Crew, gatherCrew, type Worker } from "./crew.ts";
import { placesOf } from "./places.ts";
import type { Shop } from "./shop.ts";
import { workJob } from "./work-job.ts";
import { works } from "./works.ts";

export interface Workers {
  /**
   * Takes jobs as the configuration in force and the hour say; called again after every reload and every now and
   * then. Waits for no job, and never throws: what could not be arranged is told, and tried again.
   */
  arrange(): Promise<void>;
  /** Takes no more jobs; resolves once those that run have ended. */
  stop(): Promise<void>;
  readonly counts: { readonly ended: number; readonly putBack: number };
  running(): number;
}

/** `wait` ends when running jobs must end too. */
export function hireWorkers(shop: Shop, wait: Waiting): Workers {
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
  const hire = async (queue: QueueName): Promise<Worker> => {
    let busy = 0;
    const taking = await shop.queue.take(queue, 1, async (taken) => {
      busy += 1;
      try {
        return await handle(taken);
      } finally {
        busy -= 1;
      }
    });
    return { stop: () => taking.stop(), isBusy: () => busy > 0 };
  };
  const crews = new Map<QueueName, Crew>(queueNames.map((queue) => [queue, gatherCrew(() => hire(queue))]));
  const arranged = new Map<QueueName, number>();

  const arrangeOne = async (queue: QueueName, crew: Crew): Promise<void> => {
    const generation = shop.household.current();
    const places = placesOf(queue, generation, shop.machine.clock.now());
    try {
      await crew.resize(places);
    } catch (error) {
      shop.log.error("workers not arranged, it is tried again", { queue, places, error });
      return;
    }
    if ((arranged.get(queue) ?? 0) === places) return;
    arranged.set(queue, places);
    shop.log.info("workers arranged", { queue, places, because: generation.roles[queue] });
  };
  // One after the other, as two at once would both fill the same places.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => (last = last.then(work));
  return {
    counts,
    running: () => running,
    arrange: () =>
      inTurn(async () => {
        if (stopped) return;
        for (const [queue, crew] of crews) await arrangeOne(queue, crew);
      }),
    stop: async () => {
      stopped = true;
      await inTurn(() => Promise.resolve());
      await Promise.all(crews.values().map((crew) => crew.dismiss()));
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
