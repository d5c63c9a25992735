/** age files open only as they were sealed: every size around a segment comes back, every kind of damage is refused, nothing leaves before it is authenticated. */
import { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { queryObjects } from "node:v8";
import * as fc from "fast-check";
import {
  Decrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { describe, expect, it } from "vitest";
import { ageOpen, ageSeal } from "../../src/sealing/age.ts";
import { seededBytes } from "../support/sealing-data.ts";

const segment = 64 * 1024;
const sealedSegment = segment + 16;
const boundarySizes = [
  0,
  1,
  15,
  16,
  17,
  segment - 1,
  segment,
  segment + 1,
  2 * segment - 1,
  2 * segment,
  2 * segment + 1,
];

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const damaged = expect.objectContaining({ code: "sealing/damaged" });

/** Where the payload's nonce starts. */
function headerBytes(sealed: Buffer): number {
  return sealed.indexOf("\n", sealed.indexOf("\n--- ") + 1) + 1;
}

describe("an age file", () => {
  it.each(boundarySizes)("of %d bytes comes back, and opens with the library too", async (bytes) => {
    const plain = seededBytes("plain", bytes);
    const sealed = await ageSeal(plain, [recipient]);
    expect((await ageOpen(sealed, identity)).equals(plain)).toBe(true);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(plain.equals(await decrypter.decrypt(sealed))).toBe(true);
  });

  it("of any bytes comes back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(200_000), fc.string(), async (bytes, seed) => {
        const plain = seededBytes(seed, bytes);
        expect((await ageOpen(await ageSeal(plain, [recipient]), identity)).equals(plain)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("is another file each time, of the same length", async () => {
    const [one, other] = await Promise.all([0, 0].map(() => ageSeal(Buffer.from("same"), [recipient])));
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false);
    expect(one?.length).toBe(other?.length);
  });

  it("opens for each of its recipients and for nobody else", async () => {
    const second = await generateX25519Identity();
    const stranger = await generateX25519Identity();
    const sealed = await ageSeal(Buffer.from("for two"), [recipient, await identityToRecipient(second)]);
    expect((await ageOpen(sealed, identity)).toString()).toBe("for two");
    expect((await ageOpen(sealed, second)).toString()).toBe("for two");
    await expect(ageOpen(sealed, stranger)).rejects.toThrow(
      expect.objectContaining({ code: "keys/identity" }),
    );
  });

  it("leaves no key of its identity behind once memory was swept", async () => {
    const sealed = await ageSeal(Buffer.from("read twice"), [recipient]);
    await ageOpen(sealed, identity);
    // What is referred to weakly is kept until its turn of the event loop is over; looking sweeps memory.
    await setImmediate();
    const held = queryObjects(KeyObject, { format: "summary" });
    expect(held.filter((one) => one.startsWith("PrivateKeyObject"))).toEqual([]);
    expect((await ageOpen(sealed, identity)).toString()).toBe("read twice");
  });

  it("may be sealed to post-quantum recipients alone", async () => {
    const hybrid = await generateHybridIdentity();
    const sealed = await ageSeal(Buffer.from("later"), [await identityToRecipient(hybrid)]);
    expect((await ageOpen(sealed, hybrid)).toString()).toBe("later");
    await expect(ageOpen(sealed, identity)).rejects.toThrow(
      expect.objectContaining({ code: "keys/identity" }),
    );
  });

  it.each([
    [
      "post-quantum and X25519 recipients in one file",
      async () => [recipient, await identityToRecipient(await generateHybridIdentity())],
    ],
    ["no recipient", () => []],
    ["a recipient of another kind", () => ["age1tag1qwerty"]],
    ["an identity given as a recipient", () => [identity]],
  ])("is not made for %s", async (_, recipients) => {
    await expect(ageSeal(Buffer.from("x"), await recipients())).rejects.toThrow(
      expect.objectContaining({ code: "config/invalid" }),
    );
  });

  it("is not made for a recipient with a wrong letter, and does not say an identity aloud", async () => {
    const wrong = `${recipient.slice(0, -1)}${recipient.endsWith("q") ? "p" : "q"}`;
    await expect(ageSeal(Buffer.from("x"), [wrong])).rejects.toThrow("not an X25519 recipient");
    const sealed = await ageSeal(Buffer.from("x"), [recipient]);
    const broken = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
    await expect(ageOpen(sealed, broken)).rejects.toThrow(/^not an X25519 identity$/);
  });
});

describe("damage", async () => {
  const plain = seededBytes("plain", 2 * segment + 1000);
  const sealed = await ageSeal(plain, [recipient]);
  const other = await ageSeal(plain, [recipient]);
  const header = headerBytes(sealed);
  const first = header + 16;

  function flipped(at: number): Buffer {
    const copy = Buffer.from(sealed);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  }
  function without(from: number, to: number): Buffer {
    return Buffer.concat([sealed.subarray(0, from), sealed.subarray(to)]);
  }
  const segmentAt = (index: number): Buffer =>
    sealed.subarray(first + index * sealedSegment, first + (index + 1) * sealedSegment);

  it.each([
    ["a flipped bit in the version line", flipped(3)],
    ["a flipped bit in the header's MAC", flipped(header - 5)],
    ["a flipped bit in the nonce", flipped(header + 4)],
    ["a flipped bit in the first segment", flipped(first + 10)],
    ["a flipped bit in the first tag", flipped(first + sealedSegment - 1)],
    ["a flipped bit in the middle segment", flipped(first + sealedSegment + 10)],
    ["a flipped bit in the last byte", flipped(sealed.length - 1)],
    ["the last byte missing", sealed.subarray(0, -1)],
    ["the last segment missing", sealed.subarray(0, first + 2 * sealedSegment)],
    ["the middle segment missing", without(first + sealedSegment, first + 2 * sealedSegment)],
    ["the first segment missing", without(first, first + sealedSegment)],
    [
      "two segments swapped",
      Buffer.concat([sealed.subarray(0, first), segmentAt(1), segmentAt(0), segmentAt(2)]),
    ],
    ["a segment twice", Buffer.concat([sealed.subarray(0, first + sealedSegment), sealed.subarray(first)])],
    ["a byte too many", Buffer.concat([sealed, Buffer.from("x")])],
    [
      "the payload of another file",
      Buffer.concat([sealed.subarray(0, header), other.subarray(headerBytes(other))]),
    ],
    ["the header alone", sealed.subarray(0, header)],
    ["header and nonce alone", sealed.subarray(0, first)],
    ["a header cut short", sealed.subarray(0, header - 10)],
    [
      "a carriage return in the header",
      Buffer.concat([sealed.subarray(0, 21), Buffer.from("\r"), sealed.subarray(21)]),
    ],
    [
      "an extra stanza",
      Buffer.from(sealed.toString("latin1").replace("\n-> ", "\n-> grease a\n\n-> "), "latin1"),
    ],
    ["nothing", Buffer.alloc(0)],
    ["no age file", Buffer.alloc(2_000_000, "x")],
  ])("is refused: %s", async (_, bytes) => {
    await expect(ageOpen(bytes, identity)).rejects.toThrow(damaged);
  });

  it("is refused at every byte of a small file", async () => {
    const small = await ageSeal(Buffer.from("small"), [recipient]);
    for (let at = 0; at < small.length; at += 1) {
      const bytes = Buffer.from(small);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
      // A changed share or file key looks like a stanza for somebody else: the one or the other, never plaintext.
      await expect(ageOpen(bytes, identity), `byte ${String(at)}`).rejects.toThrow(
        /altered|malformed|not what|not sealed|not an age/,
      );
    }
  });
});
