import { Failure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Image } from "../image.ts";
import { parseToc } from "../archive/toc.ts";

const archiveBytesMax = 1_000_000_000;

/** The schema archive of a backup with its table of contents; fails as `Image.read` says, or with "format/invalid". */
export async function readSchemaArchive(image: Image, wait: Waiting): Promise<ReturnType<typeof parseToc>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of image.read(image.fingerprint.schema.stream, null, wait)) {
    parts.push(Buffer.from(part));
    bytes += part.length;
    if (bytes > archiveBytesMax)
      throw new Failure("format/invalid", "the schema archive is larger than a gigabyte");
  }
  return parseToc(Buffer.concat(parts));
}
