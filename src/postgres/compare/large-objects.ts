import { Measure } from "../../base/digest.ts";
import { compareResult, notRun, type CheckResult } from "../../model/check.ts";
import { largeObjectBytes } from "../source/large-object-stream.ts";
import { openExact, type Comparison } from "./restored.ts";

/** The large objects of the restored database, read in the format of their stream, have the stream's digest. */
export async function checkLargeObjects({
  restored,
  reader,
  fingerprint,
  wait,
}: Comparison): Promise<CheckResult> {
  const expected = fingerprint.largeObjects;
  const isIgnored = fingerprint.omitted.some(({ kind, name }) => kind === "large objects" && name === "all");
  if (isIgnored) return notRun("large-objects", "irrelevant", "the plan ignores large objects");
  await using session = await openExact(restored, reader, wait);
  const measure = new Measure();
  let count = 0;
  const counted = (objects: number): void => {
    count = objects;
  };
  for await (const part of largeObjectBytes(session, { kind: "all" }, counted)) measure.update(part);
  const { sha256 } = measure.finish();
  const difference =
    count === expected.count
      ? expected.sha256 === null || sha256 === expected.sha256
        ? null
        : `${String(count)} as expected, but not the same ones`
      : `expected ${String(expected.count)}, found ${String(count)}`;
  if (difference === null && count === 0)
    return notRun("large-objects", "irrelevant", "there are no large objects");
  const findings = difference === null ? [] : [{ subject: "large objects", difference }];
  return compareResult("large-objects", expected.count, findings, `${String(count)} large objects are equal`);
}
