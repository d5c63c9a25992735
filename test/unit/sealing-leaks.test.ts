/** Trap 29: what a store can see of names and lengths does not tell that two tenants share data, nor how long a secret beside known rows is. */
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { knownNames } from "../../src/sealing/known-names.ts";
import type { CutChunk } from "../../src/sealing/sealing.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import { chunkName, deriveKeys } from "../../src/sealing/name.ts";
import { seal } from "../../src/sealing/seal.ts";
import { inParts, patient, seededBytes, tableRows } from "../support/sealing-data.ts";

const recipient = await identityToRecipient(await generateX25519Identity());
const table = Buffer.concat(tableRows("shared", 150_000));

async function sealedAs(tenant: string): Promise<CutChunk[]> {
  await using sealing = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
  const keys = { idKey: seededBytes(tenant, 32), recipient, zstdLevel: 3 };
  const chunks: CutChunk[] = [];
  await sealing.sealStream(
    {
      plain: inParts(table, 500_000),
      keys,
      known: knownNames([]),
      place: async (chunk) => void chunks.push(chunk),
    },
    patient,
  );
  return chunks;
}

describe("two tenants with the same table", () => {
  it("share no name, no boundary, and hardly a length", async () => {
    const [acme, bravo] = [await sealedAs("acme"), await sealedAs("bravo")];
    const names = new Set(acme.map(({ name }) => name));
    expect(bravo.filter(({ name }) => names.has(name))).toEqual([]);
    const plainLengths = new Set(acme.map(({ bytes }) => bytes));
    expect(bravo.filter(({ bytes }) => plainLengths.has(bytes))).toEqual([]);
    const lengths = new Set(acme.map(({ sealed }) => sealed?.body.length));
    const equal = bravo.filter(({ sealed }) => lengths.has(sealed?.body.length)).length;
    // Padded lengths are few, so some meet by chance; with an unkeyed cut all of them do.
    expect(equal).toBeLessThan(bravo.length / 2);
  });
});

describe("the names", () => {
  it("of one chunk differ under every id key and are the same under one", () => {
    const plain = Buffer.from("a guess");
    const names = ["acme", "bravo"].map((tenant) => chunkName(plain, deriveKeys(seededBytes(tenant, 32))));
    expect(names[0]).not.toBe(names[1]);
    expect(chunkName(plain, deriveKeys(seededBytes("acme", 32)))).toBe(names[0]);
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("never change: they are part of the format", () => {
    expect(chunkName(Buffer.from("chunk"), deriveKeys(Buffer.alloc(32, 7)))).toMatchInlineSnapshot(
      `"c3e0858e69bbbe3a0d0ddc44252859786bb32ba660d03dd4d950ec3fc387e778"`,
    );
    expect(deriveKeys(Buffer.alloc(32, 7)).cutKey.toString("hex")).toMatchInlineSnapshot(
      `"5c35468c23c4b479"`,
    );
  });
});

describe("the length of a sealed object", () => {
  it("is the same for secrets of many lengths beside the same rows", async () => {
    const rows = Buffer.concat(tableRows("beside", 3000));
    const secret = seededBytes("secret", 2000).toString("hex");
    const lengths = new Set<number>();
    for (let letters = 0; letters < 400; letters += 20) {
      const plain = Buffer.concat([rows, Buffer.from(`${secret.slice(0, letters)}\n`)]);
      lengths.add((await seal(plain, [recipient], 3)).body.length);
    }
    expect(lengths.size).toBeLessThanOrEqual(2);
  });

  it("costs little: under an eighth at the worst, about one and a half per cent in the mean", async () => {
    let sealedBytes = 0;
    let paddingBytes = 0;
    for (let size = 100_000; size < 2_000_000; size += 61_111) {
      const { body } = await seal(seededBytes(`size ${String(size)}`, size), [recipient], 1);
      sealedBytes += body.length;
      paddingBytes += body.length - size;
    }
    expect(paddingBytes / sealedBytes).toBeLessThan(0.03);
  });
});
