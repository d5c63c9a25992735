/** Limits on bandwidth with hours of the day: which rate is in force when. */
import { type HoursRule, isInForce } from "./hours.ts";

export interface RateRule extends HoursRule {
  readonly bytesPerSecond: number;
}

/** The lowest of the rules in force at `at`; null: none is. */
export function rateInForce(rules: readonly RateRule[], at: Date): number | null {
  const rates = rules.filter((rule) => isInForce(rule, at)).map(({ bytesPerSecond }) => bytesPerSecond);
  return rates.length === 0 ? null : Math.min(...rates);
}
