import type { Waiting } from "../base/waiting.ts";
import type { Claim, Claims } from "../catalog/catalog.ts";

/** All of them in that order, or none: null when somebody else has one. Disposing gives them back. */
export async function claimAll(
  claims: Claims,
  wanted: readonly Claim[],
  wait: Waiting,
): Promise<AsyncDisposable | null> {
  await using stack = new AsyncDisposableStack();
  for (const claim of wanted) {
    const one = await claims.tryTake(claim, wait);
    if (one === null) return null;
    stack.use(one);
  }
  return stack.move();
}
