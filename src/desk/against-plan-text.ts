import type { RemovedAgainstPlan } from "../retention/against-plan.ts";

/** For people, of a prune and of `retention explain` alike. */
export function againstPlanText({ backup, removedAt }: RemovedAgainstPlan): string {
  return `${backup} was removed by a prune of ${removedAt}, and the plan here would have kept it: has another host another plan?`;
}
