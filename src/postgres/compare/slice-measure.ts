import { Measure } from "../../base/digest.ts";
import type { Slice } from "../../model/fingerprint.ts";

/** Cuts the bytes of a restored table where its slices ended on the source and compares each piece. */
export class SliceMeasure {
  readonly #slices: readonly Slice[];
  readonly #differences: string[] = [];
  #at = 0;
  #measure = new Measure();
  #taken = 0;
  #beyond = 0;

  constructor(slices: readonly Slice[]) {
    this.#slices = slices;
    this.#closeFull();
  }

  update(part: Uint8Array): void {
    let rest = part;
    for (
      let slice = this.#slices[this.#at];
      slice !== undefined && rest.length > 0;
      slice = this.#slices[this.#at]
    ) {
      const piece = rest.subarray(0, slice.bytes - this.#taken);
      this.#measure.update(piece);
      this.#taken += piece.length;
      rest = rest.subarray(piece.length);
      this.#closeFull();
    }
    this.#beyond += rest.length;
  }

  /** What differs, in words; empty when every slice is equal and nothing came beyond. Call once. */
  finish(): string[] {
    const missing = this.#slices.slice(this.#at).reduce((sum, { bytes }) => sum + bytes, 0) - this.#taken;
    if (missing > 0) this.#differences.push(`${String(missing)} bytes too short`);
    if (this.#beyond > 0) this.#differences.push(`${String(this.#beyond)} bytes too long`);
    return this.#differences;
  }

  /** Empty slices close at once. */
  #closeFull(): void {
    for (let slice = this.#slices[this.#at]; slice?.bytes === this.#taken; slice = this.#slices[this.#at]) {
      const { sha256 } = this.#measure.finish();
      if (sha256 !== slice.sha256) this.#differences.push(this.#wordsFor());
      this.#at += 1;
      this.#measure = new Measure();
      this.#taken = 0;
    }
  }

  #wordsFor(): string {
    return this.#slices.length === 1
      ? "the rows differ"
      : `the rows of slice ${String(this.#at + 1)} of ${String(this.#slices.length)} differ`;
  }
}
