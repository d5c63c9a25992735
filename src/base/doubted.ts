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

interface Version {
  readonly current: boolean;
  readonly version: string;
}

/**
 * What `read` makes of the current bytes, which it is given no version of, or, where that is not good, of the newest
 * of the older `versions` that is: a write over bytes must not hide those below it (trap 28). Where none is good, what
 * it made of the current ones; throws `Spoilt` where any was read otherwise each time, as that one may be good.
 */
export async function orOlder<T>(
  read: (version?: string) => Promise<T>,
  isGood: (reading: T) => boolean,
  versions: () => Promise<readonly Version[]>,
): Promise<T> {
  let result = await orSpoilt(read());
  if (!(result instanceof Spoilt) && isGood(result)) return result;
  for (const { current, version } of await versions()) {
    if (current) continue;
    const reading = await orSpoilt(read(version));
    if (reading instanceof Spoilt) result = reading;
    else if (isGood(reading)) return reading;
  }
  if (result instanceof Spoilt) throw result;
  return result;
}

async function orSpoilt<T>(reading: Promise<T>): Promise<T | Spoilt> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Spoilt) return error;
    throw error;
  }
}
