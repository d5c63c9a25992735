import { Measure, type Measured } from "../../base/digest.ts";
import type { Waiting } from "../../base/waiting.ts";
import { archiveTextDigest } from "../archive/archive-text.ts";
import { dumpSchema } from "../archive/archive.ts";
import { parseToc, type TocEntry } from "../archive/toc.ts";

/** The schema as pg_dump gives it, with all that the fingerprint says of it. */
export interface SchemaArchive {
  readonly bytes: Buffer;
  readonly measured: Measured;
  readonly toc: readonly TocEntry[];
  /** Of the archive as pg_restore spells it, which takes another program and is waited for by the fingerprint alone. */
  readonly text: Promise<Measured>;
}

/** Fails as `dumpSchema` does. */
export async function readSchemaArchive(
  request: Parameters<typeof dumpSchema>[0],
  wait: Waiting,
): Promise<SchemaArchive> {
  const bytes = await dumpSchema(request, wait);
  const text = archiveTextDigest(bytes, request.programs, wait);
  // Whoever waits for it is told; until then nobody may.
  text.catch(() => undefined);
  const measure = new Measure();
  measure.update(bytes);
  return { bytes, measured: measure.finish(), toc: parseToc(bytes).entries, text };
}
