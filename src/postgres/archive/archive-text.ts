import { Measure, type Sha256 } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import { pour, run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";
import { majorOf, type Programs } from "../server/programs.ts";

/** Fixed, so that the same archive gives the same text every time. */
const restrictKey = "Holdfast";

/** What decides how the text is spelt, beside the release of the program. */
export const archiveTextArgs: readonly string[] = ["--create", "--file=-"];

/**
 * The SQL text of a schema archive (`pg_dump -Fc`), as `pg_restore --create -f -` of these programs writes it.
 * The archive goes in by standard input and touches no disk; one that cannot be read is
 * "program/failed". Newer minor releases wrap the text in \\restrict and \\unrestrict, with a random key unless
 * told; those two lines are left out, so that older and newer ones give the same text.
 */
export async function* archiveText(
  archive: Uint8Array,
  programs: Programs,
  wait: Waiting,
): AsyncGenerator<Buffer> {
  const isRestricting = await restricts(programs, wait);
  const args = [...archiveTextArgs, ...(isRestricting ? [`--restrict-key=${restrictKey}`] : [])];
  const { output, stderr } = pour({ file: programs.pgRestore, args, input: archive }, wait);
  const lines = isRestricting ? withoutLines(output) : output;
  for await (const part of lines) yield part;
  const said = (await stderr).trim();
  if (said !== "")
    throw new Failure("program/failed", `pg_restore warned about the schema archive: ${said.slice(0, 500)}`);
}

/** First minor releases whose programs write \\restrict, by major; later majors all do. */
const restrictsFrom: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** By the release, or, since a distribution may bring a repair back to an older one, by what the program says of itself. */
async function restricts({ versionNum, pgRestore }: Programs, wait: Waiting): Promise<boolean> {
  if (versionNum % 10_000 >= (restrictsFrom[majorOf(versionNum)] ?? 0)) return true;
  const { stdout } = await run({ file: pgRestore, args: ["--help"] }, wait);
  return stdout.includes("--restrict-key");
}

/** Length and digest of `archiveText`. */
export async function archiveTextDigest(
  archive: Uint8Array,
  programs: Programs,
  wait: Waiting,
): Promise<{ readonly bytes: number; readonly sha256: Sha256 }> {
  const measure = new Measure();
  for await (const part of archiveText(archive, programs, wait)) measure.update(part);
  return measure.finish();
}

const first = Buffer.from(`\\restrict ${restrictKey}\n`);
const last = Buffer.from(`\\unrestrict ${restrictKey}\n`);
/** The first line stands under a short comment. */
const headBytes = 4096;

/** Takes the first `\restrict` out of the head and the last `\unrestrict` out of the tail; a tenant's text in between may say what it likes. */
async function* withoutLines(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isHead = true;
  let tail: Buffer = Buffer.alloc(0);
  for await (const part of output) {
    tail = Buffer.concat([tail, part]);
    if (isHead) {
      if (tail.length < headBytes) continue;
      tail = without(tail, first, tail.indexOf(first));
      isHead = false;
    }
    const keep = Math.min(tail.length, headBytes);
    yield tail.subarray(0, tail.length - keep);
    tail = tail.subarray(tail.length - keep);
  }
  if (isHead) tail = without(tail, first, tail.indexOf(first));
  yield without(tail, last, tail.lastIndexOf(last));
}

function without(text: Buffer, line: Buffer, at: number): Buffer {
  return at === -1 ? text : Buffer.concat([text.subarray(0, at), text.subarray(at + line.length)]);
}
