import { Failure } from "./failure.ts";

/** What one look at bytes came to. */
export interface Look<T> {
  readonly found: T;
  /**
   * What tells bytes that ought to be others from any others, such as their digest; null where nothing is amiss. A new
   * symbol is like nothing that was seen before.
   */
  readonly wrong: string | symbol | null;
}

/** "store/protocol": bytes that were wrong in another way at every look, which accuse nobody. */
export class Spoilt extends Failure {
  constructor(what: string) {
    const why = "the way to the store spoils what is read";
    super("store/protocol", `${what} was read three times, and was wrong in another way each time: ${why}`);
  }
}

/**
 * What was read, when it is as it ought to be, or when it is wrong in the same way twice: then it is the
 * store that holds it so. A line that spoils bytes in passing must not accuse the store (promise 5). It
 * gives others each time: what is wrong is read once more, and a third time where the two differ. Costs a
 * read only then. `again` says that what came before is doubted. Throws `Spoilt` for bytes that were wrong
 * in three ways, and what `look` throws.
 */
export async function readDoubting<T>(what: string, look: (again: boolean) => Promise<Look<T>>): Promise<T> {
  const seen = new Set<string | symbol>();
  for (let again = false; seen.size < 3; again = true) {
    const { found, wrong } = await look(again);
    if (wrong === null || seen.has(wrong)) return found;
    seen.add(wrong);
  }
  throw new Spoilt(what);
}

/** The same with `Spoilt` returned: where there are older versions of the bytes, one of them may read whole. */
export async function orSpoilt<T>(reading: Promise<T>): Promise<T | Spoilt> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Spoilt) return error;
    throw error;
  }
}
