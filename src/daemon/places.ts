import type { QueueName } from "../model/job.ts";
import { isInForce } from "../model/hours.ts";
import type { Generation } from "./household.ts";

/**
 * How many jobs of a queue this host works at once, at that time: none where its keys do not allow it. Healing is
 * the second half of replicating, bytes of another store put where they lack, and has as many places.
 */
export function placesOf(
  queue: QueueName,
  { config, roles }: Pick<Generation, "config" | "roles">,
  at: Date,
): number {
  const { jobs, hours } = config.daemon;
  if (roles[queue] !== null) return 0;
  const name = queue === "heal" ? "replicate" : queue;
  const limits = hours
    .filter((rule) => isInForce(rule, at))
    .map((rule) => rule.jobs[name] ?? Number.POSITIVE_INFINITY);
  return Math.min(jobs[name], ...limits);
}
