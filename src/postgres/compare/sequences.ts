import { compareResult, notRun, type CheckResult, type Finding } from "../../model/check.ts";
import type { SequenceState } from "../../model/fingerprint.ts";
import { quoteName } from "../session/quote.ts";
import { readExtensionRelations } from "../readings/extensions.ts";
import { readSequences } from "../readings/sequences.ts";
import { openExact, type Comparison } from "./restored.ts";

/** Every sequence stands where it stood: the next value is the one the source would have given. */
export async function checkSequences({
  restored,
  reader,
  fingerprint,
  wait,
}: Comparison): Promise<CheckResult> {
  await using session = await openExact(restored, reader, wait);
  const leftOut = fingerprint.extensions.filter((one) => one.leftOut).map(({ name }) => name);
  const expected = fingerprint.sequences;
  const known = new Set(expected.map(quoteName));
  // Of an extension's sequences those that the backup holds, whatever it marks here; a schema tenant has none of them.
  const relations = (await readExtensionRelations(session, leftOut))
    .filter((one) => known.has(quoteName(one)))
    .map((one) => ({ ...one, configuration: true }));
  const found = await readSequences(session, fingerprint.scope, relations);
  const here = new Map(found.map((one) => [quoteName(one), one]));
  const findings = expected.flatMap((one) => differenceOf(one, here.get(quoteName(one))));
  const extra = found.filter((one) => !known.has(quoteName(one)) && !fingerprint.server.standby);
  findings.push(
    ...extra.map((one) => ({ subject: `sequence ${quoteName(one)}`, difference: "was not in the source" })),
  );
  if (expected.length === 0 && findings.length === 0)
    return notRun("sequences", "irrelevant", "there are no sequences");
  return compareResult(
    "sequences",
    expected.length,
    findings,
    `${String(expected.length)} sequences are equal`,
  );
}

function differenceOf(expected: SequenceState, found: SequenceState | undefined): Finding[] {
  const subject = `sequence ${quoteName(expected)}`;
  if (found === undefined) return [{ subject, difference: "absent" }];
  if (found.lastValue === expected.lastValue && found.isCalled === expected.isCalled) return [];
  return [{ subject, difference: `expected ${spelt(expected)}, found ${spelt(found)}` }];
}

function spelt(state: SequenceState): string {
  return `${state.lastValue}${state.isCalled ? "" : " not called"}`;
}
