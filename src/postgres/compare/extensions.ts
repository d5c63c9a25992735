import { notRun, type CheckResult, type Finding } from "../../model/check.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import { readExtensions } from "../readings/extensions.ts";
import { readMembers } from "../readings/members.ts";
import type { Session } from "../session/session.ts";
import type { Beforehand } from "./beforehand.ts";
import { compareMembers } from "./census.ts";
import { compareReadings } from "./comparable.ts";
import { openExact, type Comparison } from "./restored.ts";

/**
 * The same extensions, of the same version, in the same schema and with all members that they had; those that
 * the plan leaves out are told.
 */
export async function checkExtensions(
  { restored, fingerprint, wait }: Comparison,
  { census, incomparable: why }: Pick<Beforehand, "census" | "incomparable">,
): Promise<CheckResult> {
  const expected = fingerprint.extensions.filter(({ leftOut }) => !leftOut);
  const excluded = fingerprint.extensions.filter(({ leftOut }) => leftOut).map(({ name }) => name);
  await using session = await openExact(restored, restored.admin, wait);
  const found = new Map((await readExtensions(session, [])).map((one) => [one.name, one]));
  const differing: Finding[] = [];
  for (const { name, version, schema } of expected) {
    const here = found.get(name);
    found.delete(name);
    const spelt = here === undefined ? "none" : `${here.version} in ${here.schema}`;
    if (here?.version === version && here.schema === schema) continue;
    differing.push({
      subject: `extension ${name}`,
      difference: `expected ${version} in ${schema}, found ${spelt}`,
    });
  }
  for (const name of found.keys()) {
    // Every new database has it, and a source may have dropped it.
    if (name !== "plpgsql")
      differing.push({ subject: `extension ${name}`, difference: "was not in the source" });
  }
  const members = census === null ? null : compareMembers(fingerprint, census);
  const altered = census === null ? [] : await alteredMembers(session, fingerprint);
  const findings = [...(why.extensions === null ? differing : []), ...(members?.findings ?? [])];
  const told = [
    ...(members?.notes ?? []),
    ...altered,
    ...(excluded.length === 0 ? [] : [`left out by the plan: ${excluded.join(", ")}`]),
  ];
  if (expected.length === 0 && findings.length === 0)
    return notRun("extensions", "irrelevant", ["there are no extensions", ...told].join("; "));
  const equal = why.extensions === null ? [`${String(expected.length)} extensions are equal`] : [];
  return compareReadings("extensions", equal.length === 0 ? 0 : expected.length, findings, {
    detail: [...equal, ...told].join("; "),
    restsOn: ["extensions", "census"],
    incomparable: why,
  });
}

const listedMax = 10;

/** What members of extensions are not as they were: told, see `readMembers`. */
async function alteredMembers(
  session: Session,
  { extensions, extensionMembers: before }: Pick<Fingerprint, "extensions" | "extensionMembers">,
): Promise<readonly string[]> {
  if (before === undefined) return [];
  const now = await readMembers(session);
  if (now.reading !== before.reading) return [];
  const kept = new Set(extensions.filter(({ leftOut }) => !leftOut).map(({ name }) => name));
  const keyOf = (one: { extension: string; identity: string }): string =>
    JSON.stringify([one.extension, one.identity]);
  const here = new Map(now.members.map((one) => [keyOf(one), one.digest]));
  const altered = before.members.filter((one) => {
    const digest = here.get(keyOf(one));
    return kept.has(one.extension) && digest !== undefined && digest !== one.digest;
  });
  return Array.from(
    Map.groupBy(altered, ({ extension }) => extension),
    ([extension, members]) => {
      const more = members.length - listedMax;
      const named = members.slice(0, listedMax).map(({ identity }) => identity);
      const listed = [...named, ...(more > 0 ? [`${String(more)} more`] : [])].join(", ");
      return `not as the script of ${extension} makes them here, and in no dump: ${listed}`;
    },
  );
}
