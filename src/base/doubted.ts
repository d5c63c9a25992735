import { Failure } from "./failure.ts";

/** What one look at bytes came to. */
export interface Look<T> {
  readonly found: T;
  /** What tells bytes that ought to be others from any others, such as their digest; null where nothing is amiss. */
  readonly wrong: string | null;
}

/**
 * What was read, when it is as it ought to be, or when it is wrong in the same way twice: then it is the store that
 * holds it so. A line that spoils bytes in passing must not accuse the store (promise 5). It gives others each time: what is
 * wrong is read once more, and a third time where the two differ. Costs a read only then. `again` says that what came before is
 * doubted. Throws "store/protocol" for bytes that were wrong in three ways, which accuse nobody; and what `look` throws.
 */
export async function readDoubting<T>(what: string, look: (again: boolean) => Promise<Look<T>>): Promise<T> {
  const seen = new Set<string>();
  for (let again = false; seen.size < 3; again = true) {
    const { found, wrong } = await look(again);
    if (wrong === null || seen.has(wrong)) return found;
    seen.add(wrong);
  }
  throw new Failure(
    "store/protocol",
    `${what} was read three times, and was wrong in another way each time: the way to the store spoils what is read`,
  );
}
