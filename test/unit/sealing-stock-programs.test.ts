/** What we seal opens with the stock `age` and `zstd`, and what they seal opens with us, at every size where a segment begins or ends. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import { ageOpen, ageSeal } from "../../src/sealing/age.ts";
import { compress, decompress } from "../../src/sealing/compress.ts";
import { seal, unseal } from "../../src/sealing/seal.ts";
import { patient, seededBytes } from "../support/sealing-data.ts";

const segment = 64 * 1024;
const sizes = [
  0,
  1,
  segment - 17,
  segment - 16,
  segment - 1,
  segment,
  segment + 1,
  2 * segment - 1,
  2 * segment,
  2 * segment + 1,
  1_500_000,
];

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-stock-"));
  await writeFile(join(folder, "host.agekey"), `# created by a test\n${identity}\n`, { mode: 0o600 });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function through(file: string, args: readonly string[], input: Uint8Array): Promise<Buffer> {
  return (await run({ file, args, input }, patient)).stdout;
}

const ageOpens = (sealed: Uint8Array): Promise<Buffer> =>
  through("age", ["-d", "-i", join(folder, "host.agekey")], sealed);

describe.each(sizes)("%d bytes", (bytes) => {
  const plain = seededBytes("stock", bytes);

  it("of age, ours to theirs", async () => {
    expect((await ageOpens(await ageSeal(plain, [recipient]))).equals(plain)).toBe(true);
  });

  it("of age, theirs to ours", async () => {
    const sealed = await through("age", ["-r", recipient], plain);
    expect((await ageOpen(sealed, identity)).equals(plain)).toBe(true);
  });

  it("of a whole object: age -d, then zstd -dc", async () => {
    const { body } = await seal(plain, [recipient], 3);
    expect((await through("zstd", ["-dc"], await ageOpens(body))).equals(plain)).toBe(true);
  });
});

describe("zstd", () => {
  it("reads our frames with their padding, and calls them sound", async () => {
    const plain = Buffer.from(seededBytes("stock", 100_000).toString("hex"));
    for (const level of [1, 3, 19]) {
      const padded = compress(plain, level);
      expect((await through("zstd", ["-dc"], padded)).equals(plain)).toBe(true);
      await through("zstd", ["-t"], padded);
    }
  });

  it("writes frames that we read once they are padded, whatever their header leaves out", async () => {
    const plain = Buffer.from(seededBytes("stock", 300_000).toString("hex"));
    const padding = Buffer.from("502a4d1800000000", "hex");
    for (const args of [
      ["-c"],
      ["-c", "-19"],
      ["-c", "--no-check"],
      ["-c", "--no-content-size"],
      ["-c", "--fast=5"],
    ]) {
      const frame = await through("zstd", args, plain);
      expect(decompress(Buffer.concat([frame, padding]), plain.length).equals(plain)).toBe(true);
    }
  });

  it("and age make an object that we open", async () => {
    const plain = seededBytes("stock", 200_000);
    const frame = await through("zstd", ["-c"], plain);
    const sealed = await through(
      "age",
      ["-r", recipient],
      Buffer.concat([frame, Buffer.from("502a4d1800000000", "hex")]),
    );
    expect((await unseal(sealed, identity, plain.length)).equals(plain)).toBe(true);
  });
});
