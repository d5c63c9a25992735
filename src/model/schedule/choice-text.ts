/** A tenant's choice as people write it: `every=6h`, or `at=06:00,14:00`. */
import { duration, spell } from "../duration.ts";
import { localTime } from "../plan.ts";
import { type TenantChoice, tenantChoice } from "../schedule.ts";

/** Several `at=…` add up; null when the texts are none of the two or mix them. Asks no plan whether it allows it. */
export function parseChoice(texts: readonly string[]): TenantChoice | null {
  const [first = ""] = texts;
  if (first.startsWith("every=") && texts.length === 1) {
    const every = duration.safeParse(first.slice("every=".length));
    return every.success ? { kind: "every", everyMs: every.data } : null;
  }
  if (!texts.every((text) => text.startsWith("at="))) return null;
  const times = texts.flatMap((text) => text.slice("at=".length).split(","));
  if (!times.every((time) => localTime.safeParse(time).success)) return null;
  const parsed = tenantChoice.safeParse({ kind: "at", times: times.toSorted() });
  return parsed.success ? parsed.data : null;
}

export function spellChoice(choice: TenantChoice): string {
  switch (choice.kind) {
    case "at":
      return `at ${choice.times.join(", ")}`;
    case "every":
      return `every ${spell(choice.everyMs)}`;
  }
}
