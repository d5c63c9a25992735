import { Measure } from "../../base/digest.ts";
import { Failure, isFailure } from "../../base/failure.ts";
import { compareResult, notRun, passed, type CheckResult, type Finding } from "../../model/check.ts";
import { archiveText } from "../archive/archive-text.ts";
import { incomparable } from "./comparable.ts";
import type { Comparison } from "./restored.ts";

const archiveBytesMax = 512 << 20;

type Measured = ReturnType<Measure["finish"]>;

/**
 * The copy's schema archive is, byte for byte, the one of the fingerprint, and says what that said (trap 14).
 * Its text is written by pg_restore, of which another release may spell the same archive otherwise: a
 * text that differs under another release than the fingerprint's refutes nothing, and passes only if the
 * archive itself is known to be equal.
 */
export async function checkArchive(comparison: Comparison): Promise<CheckResult> {
  const archive = await gatherArchive(comparison);
  const { schema } = comparison.fingerprint;
  const ofArchive =
    schema.archive === undefined ? [] : differences("schema archive", schema.archive, measured([archive]));
  if (ofArchive.length > 0) return compareResult("archive", 1, ofArchive, "");
  const text = await textOf(comparison, archive);
  if (text === null && schema.archive !== undefined) {
    // The bytes are those that pg_dump made, so whoever cannot read them is at fault.
    const reason = `pg_restore ${comparison.options.programs.version} cannot read an archive that is whole`;
    return notRun("archive", "machine", reason);
  }
  if (text === null) {
    const unreadable = { subject: "schema archive", difference: "pg_restore cannot read it" };
    return compareResult("archive", 1, [unreadable], "");
  }
  const ofText = differences("text of the schema archive", schema.text, text);
  const { version: here, versionNum } = comparison.options.programs;
  const isSameReading = incomparable(comparison.fingerprint, versionNum).archiveText === null;
  if (ofText.length === 0 || (here === schema.pgDumpVersion && isSameReading))
    return compareResult("archive", 1, ofText, `${String(text.bytes)} bytes of schema text are equal`);
  const by = isSameReading ? "" : ", which another release of Holdfast asked";
  const reason = `pg_restore ${here} spells the archive otherwise than ${schema.pgDumpVersion} did${by}`;
  return schema.archive === undefined
    ? notRun("archive", "machine", reason)
    : passed("archive", 1, `${String(archive.length)} bytes of the archive are equal; ${reason}`);
}

/** The schema archive whole. */
export async function gatherArchive({ image, fingerprint, wait }: Comparison): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of image.read(fingerprint.schema.stream, null, wait)) {
    bytes += part.length;
    if (bytes > archiveBytesMax)
      throw new Failure("source/unsupported", "the schema archive is too large to compare");
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}

/** null when the program ran but could make nothing of the bytes; where it is missing, that is the machine's fault. */
async function textOf({ options, wait }: Comparison, archive: Buffer): Promise<Measured | null> {
  const measure = new Measure();
  try {
    for await (const part of archiveText(archive, options.programs, wait)) measure.update(part);
  } catch (error) {
    if (!isFailure(error, "program/failed")) throw error;
    return null;
  }
  return measure.finish();
}

function measured(parts: readonly Buffer[]): Measured {
  const measure = new Measure();
  for (const part of parts) measure.update(part);
  return measure.finish();
}

function differences(subject: string, expected: Measured, found: Measured): Finding[] {
  if (found.bytes === expected.bytes && found.sha256 === expected.sha256) return [];
  const difference = `expected ${String(expected.bytes)} bytes ${expected.sha256}, found ${String(found.bytes)} bytes ${found.sha256}`;
  return [{ subject, difference }];
}
