import type { LifecycleRule } from "@aws-sdk/client-s3";
import type { LifecycleDeed } from "./bucket.ts";

/** Storage classes whose objects must be brought back by hand, which takes hours, before they can be read. */
const archives = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** What the rules of a bucket do to objects whose keys begin with one of `prefixes`. */
export function lifecycleDeeds(
  rules: readonly LifecycleRule[],
  prefixes: readonly string[],
): readonly LifecycleDeed[] {
  return rules.filter((rule) => isInForce(rule) && touches(rule, prefixes)).flatMap(deedsOf);
}

/** Objects of ours bear no tags, so that a rule for tagged ones leaves them alone. */
function isInForce({ Status, Filter }: LifecycleRule): boolean {
  const tags = [Filter?.Tag, ...(Filter?.And?.Tags ?? [])].filter((tag) => tag !== undefined);
  return Status !== "Disabled" && tags.length === 0;
}

function touches({ Filter, Prefix }: LifecycleRule, prefixes: readonly string[]): boolean {
  const of = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
  return prefixes.some((ours) => ours.startsWith(of) || of.startsWith(ours));
}

function deedsOf({ ID = "", Expiration, Transitions = [] }: LifecycleRule): LifecycleDeed[] {
  const found: LifecycleDeed[] = [];
  // Without either it only tidies marks of deletion away.
  if (Expiration?.Days !== undefined || Expiration?.Date !== undefined)
    found.push({ rule: ID, does: "remove", when: whenOf(Expiration) });
  for (const one of Transitions)
    if (archives.has(one.StorageClass ?? "")) found.push({ rule: ID, does: "archive", when: whenOf(one) });
  return found;
}

function whenOf({ Days, Date: from }: { Days?: number | undefined; Date?: Date | undefined }): string {
  return from === undefined
    ? `${String(Days ?? 0)} days after they came`
    : `from ${from.toISOString().slice(0, 10)}`;
}
