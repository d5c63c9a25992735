/** What differs between two configurations, for people: `plans.standard.retention.daily`. Never values. */
import type { Config } from "../config/config.ts";
import { Secret } from "../config/secret.ts";

const pathsMax = 20;

/** Dotted paths that were added, taken away or changed, at most twenty of them and a word about the rest. */
export function configChanges(before: Config, after: Config): readonly string[] {
  const paths = differences(before, after, "");
  if (paths.length <= pathsMax) return paths;
  return [...paths.slice(0, pathsMax), `and ${String(paths.length - pathsMax)} more`];
}

/** Follows tenants and rules only as deep as they are written: what they refer to is told where it stands. */
const references = new Set(["plan", "source"]);

function differences(before: unknown, after: unknown, path: string): string[] {
  if (Object.is(before, after)) return [];
  if (before instanceof Secret && after instanceof Secret)
    return before.origin === after.origin ? [] : [path];
  const one = entriesOf(before);
  const other = entriesOf(after);
  if (one === null || other === null) return leavesEqual(before, after) ? [] : [path];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
    if (references.has(name) && path !== "") return [];
    return differences(one.get(name), other.get(name), path === "" ? name : `${path}.${name}`);
  });
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
