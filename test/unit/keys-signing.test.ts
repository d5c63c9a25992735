/** Trap 25: a signature is worth something only from a key that may sign for this purpose, then, over exactly these bytes. */
import { CompactSign, exportJWK, FlattenedSign, generateKeyPair, importJWK } from "jose";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { purposes } from "../../src/model/glossary.ts";
import { newSigningKey, publicJwkOf, readPublicKey } from "../../src/keys/signing-key.ts";
import { createSigner, createTrustRing } from "../../src/keys/signing.ts";

const key = await newSigningKey();
const signer = await createSigner(key.privateJwk);
const trust = await createTrustRing([{ jwk: key.publicJwk, may: ["record"] }]);
const payload = { tenant: "acme", finishedAt: "2026-11-21T01:30:00.000Z" };
const good = Buffer.from(await signer.sign("record", payload)).toString();
const secret = await importJWK(JSON.parse(key.privateJwk), "EdDSA");

const refused = (why: string) =>
  expect.objectContaining({ code: "keys/signature", message: expect.stringContaining(why) });

/** A JWS by the trusted key with another header. */
async function withHeader(header: object): Promise<string> {
  const all = { alg: "EdDSA", kid: key.kid, typ: "holdfast-record+jws", ...header };
  return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(all).sign(secret);
}

async function verify(jws: string): Promise<unknown> {
  return trust.verify("record", Buffer.from(jws));
}

describe("a signed document", () => {
  it("comes back with the signer's thumbprint", async () => {
    expect(await verify(good)).toEqual({ payload, kid: key.kid });
    expect(key.kid).toMatch(/^[\w-]{43}$/);
    expect(signer.kid).toBe(key.kid);
  });

  it("has a header of alg, kid and typ alone, which public tools can check", async () => {
    const header: unknown = JSON.parse(Buffer.from(good.split(".")[0] ?? "", "base64url").toString());
    expect(header).toEqual({ alg: "EdDSA", kid: key.kid, typ: "holdfast-record+jws" });
  });

  it("is refused when any byte of it is another", async () => {
    const changed = Array.from(good).flatMap((letter, at) =>
      ["A", "_", "."]
        .filter((other) => other !== letter)
        .map((other) => `${good.slice(0, at)}${other}${good.slice(at + 1)}`),
    );
    const ends = await Promise.allSettled(changed.map((jws) => verify(jws)));
    expect(ends.length).toBeGreaterThan(2 * good.length);
    expect(
      ends.filter((end) => end.status === "fulfilled" || !isFailure(end.reason, "keys/signature")),
    ).toEqual([]);
  });

  it("is refused when bits that decoders ignore are another", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(good.at(-1) ?? "");
    const twin = `${good.slice(0, -1)}${alphabet.charAt(last ^ 1)}`;
    expect(Buffer.from(twin.split(".")[2] ?? "", "base64url")).toEqual(
      Buffer.from(good.split(".")[2] ?? "", "base64url"),
    );
    await expect(verify(twin)).rejects.toThrow(refused("canonical"));
  });

  it.each([
    ["nothing", ""],
    ["a newline behind it", `${good}\n`],
    ["padding", `${good}=`],
    ["a fourth part", `${good}.AAAA`],
    ["no signature", `${good.split(".").slice(0, 2).join(".")}.`],
    ["JSON", JSON.stringify({ payload: "AAAA" })],
  ])("is refused with %s", async (_, jws) => {
    await expect(verify(jws)).rejects.toThrow(refused("not a compact JWS"));
  });

  it("is refused in the JSON form, where a header may go unsigned", async () => {
    const flat = await new FlattenedSign(Buffer.from("{}"))
      .setProtectedHeader({ alg: "EdDSA" })
      .setUnprotectedHeader({ kid: key.kid, typ: "holdfast-record+jws" })
      .sign(secret);
    await expect(verify(JSON.stringify(flat))).rejects.toThrow(refused("not a compact JWS"));
  });
});

describe("a purpose", () => {
  it.each(purposes.filter((purpose) => purpose !== "record"))(
    "record does not stand for %s, nor the other way round",
    async (purpose) => {
      const everything = await createTrustRing([{ jwk: key.publicJwk, may: purposes }]);
      await expect(everything.verify(purpose, Buffer.from(good))).rejects.toThrow(
        refused(`not signed as a ${purpose}`),
      );
      const other = await signer.sign(purpose, payload);
      await expect(everything.verify("record", other)).rejects.toThrow(refused("not signed as a record"));
      expect((await everything.verify(purpose, other)).kid).toBe(key.kid);
    },
  );

  it("that the key may not sign for is refused, though the signature is good", async () => {
    const proof = await signer.sign("proof", payload);
    await expect(trust.verify("proof", proof)).rejects.toThrow(refused("may not sign a proof"));
  });
});

describe("a header", () => {
  it.each([
    ["another alg", { alg: "Ed25519" }],
    ["no kid", { kid: undefined }],
    ["a kid that writes to the terminal", { kid: "\u001b[2Jerror: all is well\n" }],
    ["a key of its own", { jwk: { kty: "OKP" } }],
    ["a critical extension", { crit: ["b64"], b64: true }],
    ["one more field", { cty: "json" }],
  ])("with %s is refused", async (_, header) => {
    await expect(verify(await withHeader(header))).rejects.toThrow(refused("header"));
  });

  it("of alg none, or of a shared secret made from the public key, is refused", async () => {
    const header = Buffer.from(
      JSON.stringify({ alg: "none", kid: key.kid, typ: "holdfast-record+jws" }),
    ).toString("base64url");
    await expect(verify(`${header}.${good.split(".")[1] ?? ""}.AAAA`)).rejects.toThrow(refused("header"));
    const hmac = await new CompactSign(Buffer.from("{}"))
      .setProtectedHeader({ alg: "HS256", kid: key.kid, typ: "holdfast-record+jws" })
      .sign(Buffer.from(key.publicJwk));
    await expect(verify(hmac)).rejects.toThrow(refused("header"));
  });
});

describe("a signer", () => {
  it("who is unknown is refused", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    await expect(trust.verify("record", await stranger.sign("record", payload))).rejects.toThrow(
      refused("unknown"),
    );
  });

  it("who uses another's kid is refused", async () => {
    const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const forged = await new CompactSign(Buffer.from("{}"))
      .setProtectedHeader({ alg: "EdDSA", kid: key.kid, typ: "holdfast-record+jws" })
      .sign(privateKey);
    await expect(verify(forged)).rejects.toThrow(refused("signature does not match"));
  });

  it("is believed only from when until when", async () => {
    const bounded = await createTrustRing([
      {
        jwk: key.publicJwk,
        may: ["record", "key", "proof"],
        from: new Date("2026-01-01Z"),
        until: new Date("2026-12-31Z"),
      },
    ]);
    const at = async (purpose: "record" | "key" | "proof", document: object) =>
      bounded.verify(purpose, await signer.sign(purpose, document));
    expect((await at("record", payload)).kid).toBe(key.kid);
    expect((await at("key", { createdAt: "2026-12-31T00:00:00Z" })).kid).toBe(key.kid);
    // The same words whatever the time, so that the notes of many backups become one.
    const then = `the document cannot be trusted: its signer ${key.kid} was not trusted when it signed this`;
    for (const document of [{ at: "2027-01-01T00:00:00Z" }, { finishedAt: "2025-01-01T00:00:00Z" }])
      await expect(at("proof", document)).rejects.toThrow(expect.objectContaining({ message: then }));
    await expect(at("record", {})).rejects.toThrow(refused("at a time unknown"));
    const said = await signer.sign("record", payload);
    await expect(bounded.verify("record", said, new Date("2030-01-01Z"))).rejects.toThrow(
      refused("not trusted when it signed this"),
    );
  });

  it("may stand in the ring twice, with other purposes and times", async () => {
    const ring = await createTrustRing([
      { jwk: key.publicJwk, may: ["record"], until: new Date("2026-01-01Z") },
      { jwk: key.publicJwk, may: ["proof"], from: null, until: null },
    ]);
    expect((await ring.verify("proof", await signer.sign("proof", payload))).kid).toBe(key.kid);
    await expect(ring.verify("record", Buffer.from(good))).rejects.toThrow(
      refused("not trusted when it signed this"),
    );
  });
});

describe("a key file", async () => {
  const elliptic = await generateKeyPair("ES256", { extractable: true });
  const otherKind = JSON.stringify(await exportJWK(elliptic.privateKey));
  const invalid = expect.objectContaining({ code: "config/invalid" });

  it("gives the public part without the private one", async () => {
    expect(publicJwkOf(key.privateJwk)).toBe(key.publicJwk);
    expect(key.publicJwk).not.toContain('"d"');
    expect((await readPublicKey(key.publicJwk)).kid).toBe(key.kid);
  });

  it.each([
    ["no JSON", "not a key"],
    ["a public key where the private one is needed", key.publicJwk],
    ["a key of another kind", otherKind],
  ])("is refused: %s, and its text is not said aloud", async (_, text) => {
    await expect(createSigner(text)).rejects.toThrow(invalid);
    await expect(createSigner(text)).rejects.toThrow("the signing key is not an Ed25519 JWK");
  });

  it("whose kid is not its thumbprint is refused", async () => {
    const renamed = key.publicJwk.replace(key.kid, "boss");
    await expect(createTrustRing([{ jwk: renamed, may: ["record"] }])).rejects.toThrow(invalid);
  });
});
