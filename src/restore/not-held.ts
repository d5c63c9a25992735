import type { Fingerprint } from "../model/fingerprint.ts";
import { rowsOfExtension, valueInExtension } from "../postgres/readings/omitted.ts";

const kinds: ReadonlySet<string> = new Set([rowsOfExtension, valueInExtension]);

/** What extensions keep and no backup holds: they are there after a restore, and work on with what their scripts put there. */
export function notHeld({ omitted }: Pick<Fingerprint, "omitted">): readonly string[] {
  return omitted
    .filter(({ kind }) => kinds.has(kind))
    .map(({ kind, name, reason }) => `not in the backup: ${kind} ${name}: ${reason}`);
}
