/** Key objects are age files: what the library seals is opened by ourselves, and nothing that was altered is (traps 24, 30). */
import { Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { newHostIdentity } from "../../src/keys/host-keys.ts";
import { openClassic } from "../../src/keys/open-classic.ts";
import { openSmall, sealSmall } from "../../src/keys/small-age.ts";

const ours = await newHostIdentity();
const others = [await newHostIdentity(), await newHostIdentity()];
const damaged = expect.objectContaining({ code: "sealing/damaged" });

async function byTheLibrary(plain: Uint8Array, ...recipients: readonly string[]): Promise<Buffer> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(plain));
}

function codeOf(error: unknown): string {
  return isFailure(error) ? error.code : String(error);
}

describe("a small age file", () => {
  it.each([0, 1, 65, 65_535, 65_536])("of the library opens, with %i bytes", async (length) => {
    const plain = Buffer.alloc(length, "x");
    const [first, last] = others;
    const sealed = await byTheLibrary(plain, first?.recipient ?? "", ours.recipient, last?.recipient ?? "");
    expect((await openClassic(sealed, ours.identity))?.equals(plain)).toBe(true);
  });

  it("opens for a recipient behind a stanza of a kind and a length that we do not know", async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient({
      wrapFileKey: () => [{ args: ["strange", "1", "2"], body: Buffer.alloc(48, 7) }],
    });
    encrypter.addRecipient({ wrapFileKey: () => [{ args: ["stranger"], body: Buffer.alloc(100, 7) }] });
    encrypter.addRecipient(ours.recipient);
    const sealed = Buffer.from(await encrypter.encrypt("text"));
    expect((await openClassic(sealed, ours.identity))?.toString("utf8")).toBe("text");
  });

  it("is nothing to whom it is not sealed", async () => {
    const sealed = await sealSmall(
      "text",
      others.map(({ recipient }) => recipient),
    );
    expect(await openSmall(sealed, ours.identity)).toBeNull();
  });

  it("with any one byte altered opens for nobody", async () => {
    const sealed = await sealSmall("text", [ours.recipient]);
    const opened: number[] = [];
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      const found = await openSmall(altered, ours.identity).catch(codeOf);
      if (found !== null && found !== "sealing/damaged") opened.push(at);
    }
    expect(opened).toEqual([]);
  });

  it("that ends early, or goes on, opens for nobody", async () => {
    const sealed = await sealSmall("text", [ours.recipient]);
    const codes = new Set<string | null>();
    for (let length = 0; length < sealed.length; length += 1)
      codes.add(await openSmall(sealed.subarray(0, length), ours.identity).catch(codeOf));
    expect([...codes]).toEqual(["sealing/damaged"]);
    await expect(openSmall(Buffer.concat([sealed, Buffer.of(0)]), ours.identity)).rejects.toEqual(damaged);
    const longer = await byTheLibrary(Buffer.alloc(65_537), ours.recipient);
    await expect(openSmall(longer, ours.identity)).rejects.toEqual(damaged);
  });

  it("with a share of low order, which has no secret with anybody, is altered", async () => {
    const sealed = (await sealSmall("text", [ours.recipient])).toString("latin1");
    const share = Buffer.alloc(32).toString("base64").replace("=", "");
    const altered = sealed.replace(/(?<=^-> X25519 )\S+$/m, share);
    expect(altered).not.toBe(sealed);
    await expect(openSmall(Buffer.from(altered, "latin1"), ours.identity)).rejects.toEqual(damaged);
  });

  it("is not opened by what is no identity, which is not told", async () => {
    const sealed = await sealSmall("text", [ours.recipient]);
    await expect(openSmall(sealed, "AGE-SECRET-KEY-1SECRET")).rejects.toMatchObject({
      code: "keys/identity",
    });
    await expect(openSmall(sealed, "AGE-SECRET-KEY-1SECRET")).rejects.not.toMatchObject({
      message: expect.stringContaining("SECRET"),
    });
  });
});
