/** Memory is given back only where nobody else can hold it: small buffers share theirs. */
import { describe, expect, it } from "vitest";
import { release } from "../../src/base/release.ts";

describe("releasing bytes", () => {
  it("frees those that have their memory to themselves, and is harmless twice", () => {
    const bytes = Buffer.allocUnsafeSlow(64 * 1024);
    release(bytes);
    release(bytes);
    expect(bytes.length).toBe(0);
    expect(bytes.buffer.byteLength).toBe(0);
  });

  it("frees a part of a large memory, as a compressor returns it", () => {
    const large = new ArrayBuffer(4 * Buffer.poolSize);
    release(Buffer.from(large, 0, 10));
    expect(large.byteLength).toBe(0);
  });

  it("leaves alone what small buffers share", () => {
    const neighbours = Array.from({ length: 4 }, (_, index) => Buffer.allocUnsafe(64).fill(index + 1));
    for (const one of neighbours.slice(1)) release(one);
    expect(neighbours.map((one) => one[63])).toEqual([1, 2, 3, 4]);
  });
});
