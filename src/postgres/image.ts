/**
 * Loading port: a backup as something to load from. The repository makes one from a copy's objects;
 * `load` and `compare` neither know nor care where the bytes come from.
 */
import type { Waiting } from "../base/waiting.ts";
import type { Fingerprint } from "../model/fingerprint.ts";

export interface Image {
  readonly fingerprint: Fingerprint;
  /**
   * Bytes `from` up to but not including `to` of a stream; the whole when no range is given. Verified
   * against names, digests and lengths before they are handed out. A damaged or missing object throws
   * "store/corrupt", "store/absent" or "sealing/damaged". A part may be gone once the next one is asked for:
   * who keeps it copies it.
   */
  read(
    stream: string,
    range: { readonly from: number; readonly to: number } | null,
    wait: Waiting,
  ): AsyncIterable<Uint8Array>;
}
