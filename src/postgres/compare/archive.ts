import { Measure } from "../../base/digest.ts";
import { Failure, isFailure } from "../../base/failure.ts";
import { compareResult, type CheckResult } from "../../model/check.ts";
import { archiveText } from "../archive-text.ts";
import type { Comparison } from "./restored.ts";

const archiveBytesMax = 512 << 20;

/** The copy's schema archive says, byte for byte, what the fingerprint says it said (trap 14). */
export async function checkArchive({ image, fingerprint, options, wait }: Comparison): Promise<CheckResult> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of image.read(fingerprint.schema.stream, null, wait)) {
    bytes += part.length;
    if (bytes > archiveBytesMax)
      throw new Failure("source/unsupported", "the schema archive is too large to compare");
    parts.push(part);
  }
  const expected = fingerprint.schema.text;
  const measure = new Measure();
  try {
    for await (const part of archiveText(Buffer.concat(parts), options.programs, wait)) measure.update(part);
  } catch (error) {
    // The program ran but could make nothing of the bytes; where it is missing, that is the machine's fault.
    if (!isFailure(error, "program/failed")) throw error;
    const unreadable = { subject: "schema archive", difference: "pg_restore cannot read it" };
    return compareResult("archive", 1, [unreadable], "");
  }
  const found = measure.finish();
  const equal = found.bytes === expected.bytes && found.sha256 === expected.sha256;
  const difference = `expected ${String(expected.bytes)} bytes ${expected.sha256}, found ${String(found.bytes)} bytes ${found.sha256}`;
  const findings = equal ? [] : [{ subject: "schema archive", difference }];
  return compareResult("archive", 1, findings, `${String(found.bytes)} bytes of schema text are equal`);
}
