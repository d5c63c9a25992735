/** Memory is given back only where nobody else can hold it: small buffers share theirs. */
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { give } from "../../src/base/given.ts";
import { release } from "../../src/base/release.ts";
import { compress, decompress } from "../../src/sealing/compress.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import { patient, seededBytes } from "../support/sealing-data.ts";

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

describe("opening", () => {
  it("leaves nothing behind but the plaintext", () => {
    const plain = seededBytes("left behind", 1_000_000);
    const sealed = compress(plain, 3);
    const before = process.memoryUsage().arrayBuffers;
    for (let time = 0; time < 20; time += 1) release(decompress(sealed, plain.length));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  it("takes the memory of sealed bytes that were given, and leaves others whole", async () => {
    await using sealing = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const plain = seededBytes("given", 300_000);
    const { body } = await sealing.sealDocument(plain, [recipient], 3, patient);
    const open = (sealed: Uint8Array): Promise<Buffer> =>
      sealing.open(sealed, identity, plain.length, patient);
    expect((await open(body)).equals(plain)).toBe(true);
    expect((await open(give(body))).equals(plain)).toBe(true);
    expect(body.byteLength).toBe(0);
  });
});
