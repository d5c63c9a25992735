import { createHash, hash } from "node:crypto";

/** Lower-case hex of a SHA-256. */
export type Sha256 = string;

export function sha256(bytes: Uint8Array): Sha256 {
  return hash("sha256", bytes, "hex");
}

export interface Measured {
  readonly bytes: number;
  readonly sha256: Sha256;
}

/** Digest and length of bytes that pass by. */
export class Measure {
  readonly #hash = createHash("sha256");
  #bytes = 0;

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** May be called once. */
  finish(): Measured {
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}
