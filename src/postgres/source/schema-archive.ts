import { Measure, type Measured } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { archiveTextDigest } from "../archive/archive-text.ts";
import { dumpSchema } from "../archive/archive.ts";
import { parseToc, type TocEntry, undate } from "../archive/toc.ts";

/** The schema as pg_dump gives it, with all that the fingerprint says of it. */
export interface SchemaArchive {
  /** Its bytes, once: a schema may be large, and a backup goes on for hours after it was streamed. */
  readonly parts: () => Generator<Buffer>;
  readonly measured: Measured;
  readonly toc: readonly TocEntry[];
  /** Of the archive as pg_restore spells it, which takes another program and is waited for by the fingerprint alone. */
  readonly text: Promise<Measured>;
}

const partBytes = 1 << 18;

/** Fails as `dumpSchema` does. */
export async function readSchemaArchive(
  request: Parameters<typeof dumpSchema>[0],
  wait: Waiting,
): Promise<SchemaArchive> {
  const bytes = await dumpSchema(request, wait);
  undate(bytes);
  const text = archiveTextDigest(bytes, request.programs, wait);
  // Whoever waits for it is told; until then nobody may.
  text.catch(() => undefined);
  const measure = new Measure();
  measure.update(bytes);
  const parts = partsOnce({ bytes });
  return { parts, measured: measure.finish(), toc: parseToc(bytes).entries, text };
}

/** Nobody but `kept` holds the bytes when this has returned, neither a closure nor a generator that has ended. */
function partsOnce(kept: { bytes: Buffer | null }): () => Generator<Buffer> {
  return function* parts() {
    if (kept.bytes === null) throw new Failure("internal/bug", "a schema archive was streamed twice");
    const length = kept.bytes.length;
    for (let from = 0; from < length; from += partBytes) yield kept.bytes.subarray(from, from + partBytes);
    kept.bytes = null;
  };
}
