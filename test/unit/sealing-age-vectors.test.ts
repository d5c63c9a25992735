/** Every public test vector of age that concerns us (C2SP CCTV: X25519, hybrid and STREAM, without passphrases and armor) ends as it says. */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { generateX25519Identity } from "age-encryption";
import * as vectors from "cctv-age";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { ageOpen } from "../../src/sealing/age.ts";

interface Vector {
  readonly name: string;
  readonly facts: ReadonlyMap<string, string>;
  readonly identities: readonly string[];
  readonly file: Buffer;
}

/** For files that nobody is meant to open, and that name no identity. */
const stranger = await generateX25519Identity();

const all = Object.entries(vectors)
  .filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array)
  .map(([name, bytes]) => parse(name, Buffer.from(bytes)));
const ours = all.filter(({ facts }) => !facts.has("passphrase") && !facts.has("armored"));

function parse(name: string, bytes: Buffer): Vector {
  const end = bytes.indexOf("\n\n");
  const lines = bytes.toString("latin1", 0, end).split("\n");
  const pairs = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(": ")),
    line.slice(line.indexOf(": ") + 2),
  ]);
  const body = bytes.subarray(end + 2);
  const facts = new Map(pairs);
  const named = pairs.filter(([key]) => key === "identity").map(([, value]) => value);
  return {
    name,
    facts,
    identities: named.length > 0 ? named : [stranger],
    file: facts.get("compressed") === "zlib" ? inflateSync(body) : body,
  };
}

/** `success` with the digest of the plaintext, or how it was refused; several identities are tried in turn. */
async function outcomeOf({ file, identities }: Vector): Promise<string> {
  let outcome = "no match";
  for (const identity of identities) {
    try {
      const plain = await ageOpen(file, identity);
      return `success ${createHash("sha256").update(plain).digest("hex")}`;
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (error.code === "sealing/damaged") outcome = "damaged";
    }
  }
  return outcome;
}

function expected({ facts }: Vector): string {
  const expect = facts.get("expect") ?? "";
  if (expect === "success") return `success ${facts.get("payload") ?? ""}`;
  return expect === "no match" ? "no match" : "damaged";
}

describe("the age test vectors", () => {
  it("are all there", () => {
    expect(all.length).toBeGreaterThan(100);
    expect(ours.length).toBeGreaterThan(60);
    expect(ours.filter(({ facts }) => facts.get("expect") === "success").length).toBeGreaterThan(10);
  });

  it.each(ours.map((vector) => [vector.name, vector] as const))("%s ends as it says", async (_, vector) => {
    expect(await outcomeOf(vector)).toBe(expected(vector));
  });
});
