import type { QueueName } from "../model/job.ts";
import type { Generation } from "./household.ts";

/**
 * How many jobs of a queue this host works at once: none where its keys do not allow it. Healing is the second
 * half of replicating, bytes of another store put where they lack, and has as many places.
 */
export function placesOf(queue: QueueName, { config, roles }: Pick<Generation, "config" | "roles">): number {
  const { jobs } = config.daemon;
  if (roles[queue] !== null) return 0;
  return queue === "heal" ? jobs.replicate : jobs[queue];
}
