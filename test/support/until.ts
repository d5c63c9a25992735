import { setTimeout as pause } from "node:timers/promises";

const pollMs = 15;

/** Resolves once `look` gives something; throws after `limitMs`, so that a test says what it waited for in vain. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > endsAt) throw new Error(`waited in vain: ${what}`);
    await pause(pollMs);
  }
}
