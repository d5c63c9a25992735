/** What differs between two configurations, for people: `plans.standard.retention.daily`. Never values. */
import { Secret } from "../config/secret.ts";
import type { ReadConfig } from "./read-config.ts";

/**
 * Dotted paths that were added, taken away or changed, all of them; none: the one says what the other does. A
 * secret has changed when it is kept elsewhere, or when its value is another.
 */
export function configChanges(before: ReadConfig, after: ReadConfig): readonly string[] {
  const isSame = (one: Secret, other: Secret): boolean =>
    one.origin === other.origin && before.secrets.get(one.setting) === after.secrets.get(other.setting);
  return differences(before.config, after.config, { path: "", isSame });
}

interface At {
  readonly path: string;
  readonly isSame: (one: Secret, other: Secret) => boolean;
}

function differences(before: unknown, after: unknown, at: At): string[] {
  if (Object.is(before, after)) return [];
  if (before instanceof Secret && after instanceof Secret) return at.isSame(before, after) ? [] : [at.path];
  const one = entriesOf(before);
  const other = entriesOf(after);
  if (one === null || other === null) return leavesEqual(before, after) ? [] : [at.path];
  const names = new Set([...one.keys(), ...other.keys()]);
  const inside = [...names].flatMap((name) =>
    differences(referred(name, one.get(name), at), referred(name, other.get(name), at), {
      ...at,
      path: at.path === "" ? name : `${at.path}.${name}`,
    }),
  );
  // The order of stores is that of preference, and so may be that of what else is written as a map.
  const isReordered = inside.length === 0 && [...one.keys()].join("\n") !== [...other.keys()].join("\n");
  return isReordered ? [at.path] : inside;
}

/** Tenants and rules refer to a source by its name: what is written of the source is told where it stands. */
function referred(name: string, value: unknown, { path }: At): unknown {
  const isReference = path !== "" && (name === "source" || name === "plan");
  if (!isReference || typeof value !== "object" || value === null) return value;
  // The name of a plan stands beside it.
  return "name" in value ? value.name : null;
}

function entriesOf(value: unknown): Map<string, unknown> | null {
  if (value instanceof Map) return new Map([...value].map(([name, entry]) => [String(name), entry]));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Secret)
    return null;
  return new Map(Object.entries(value));
}

function leavesEqual(one: unknown, other: unknown): boolean {
  return one instanceof Date && other instanceof Date && one.getTime() === other.getTime();
}
