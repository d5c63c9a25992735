/** Which failures say that a copy is bad, as opposed to this machine or the way to the store (promise 5). */
import { type Failure, type FailureCode, isFailure } from "../base/failure.ts";

const damage: ReadonlySet<FailureCode> = new Set([
  "store/absent",
  "store/corrupt",
  "sealing/damaged",
  "format/invalid",
  "keys/signature",
]);

export function isDamage(error: unknown): error is Failure {
  return isFailure(error) && damage.has(error.code);
}
