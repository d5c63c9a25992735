import type { Waiting } from "../base/waiting.ts";
import type { Round } from "./round.ts";

/**
 * Does `work`, which makes `database`, while nobody else's bears that name; it is dropped afterwards. The place is
 * given back whatever fails, as all later challenges wait for it. What `work` failed with is what is told: a
 * server that is gone refuses the drop as well, and that says less.
 */
export async function whileCloned<T>(
  { ground: { source }, cloning }: Pick<Round, "ground" | "cloning">,
  database: string,
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const giveBack = await cloning.take(1, wait);
  try {
    const made = await work().catch(async (cause: unknown) => {
      await source.drop(database, wait).catch(() => undefined);
      throw cause;
    });
    await source.drop(database, wait);
    return made;
  } finally {
    giveBack();
  }
}
