/** A backup in memory as something to load from. */
import { Failure } from "../../src/base/failure.ts";
import type { Fingerprint } from "../../src/model/fingerprint.ts";
import type { Image } from "../../src/postgres/image.ts";

/** `partBytes` is how much comes at a time; small and odd in tests of borders. */
export function memoryImage(
  backup: { readonly fingerprint: Fingerprint; readonly streams: ReadonlyMap<string, Buffer> },
  partBytes = 65_521,
): Image {
  return {
    fingerprint: backup.fingerprint,
    async *read(stream, range) {
      const whole = backup.streams.get(stream);
      if (whole === undefined) throw new Failure("store/absent", `no stream ${stream}`);
      const bytes = range === null ? whole : whole.subarray(range.from, range.to);
      for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
    },
  };
}
