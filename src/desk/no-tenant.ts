import { Failure } from "../base/failure.ts";
import { didYouMean } from "../base/nearest.ts";

/** "tenant/unknown", with those of `known` that may have been meant. */
export function noTenant(id: string, known: Iterable<string>): Failure {
  const hint = didYouMean(id, known);
  return new Failure("tenant/unknown", `there is no tenant ${id}`, hint === undefined ? {} : { hint });
}
