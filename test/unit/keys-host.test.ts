/** The identity of a host: made, read from a file as age-keygen writes it, and never said aloud. */
import { run } from "../../src/base/program.ts";
import { newHostIdentity, readIdentity, recipientOf } from "../../src/keys/host-keys.ts";
import { patient } from "../support/sealing-data.ts";
import { describe, expect, it } from "vitest";

describe("a host identity", () => {
  it("has the recipient that the stock age-keygen finds", async () => {
    const { identity, recipient } = await newHostIdentity();
    const { stdout } = await run(
      { file: "age-keygen", args: ["-y"], input: Buffer.from(`${identity}\n`) },
      patient,
    );
    expect(stdout.toString().trim()).toBe(recipient);
  });

  it("made by the stock age-keygen is read from its file", async () => {
    const { stdout } = await run({ file: "age-keygen", args: [] }, patient);
    const stated = /# public key: (age1\w+)/.exec(stdout.toString())?.[1];
    expect(await recipientOf(readIdentity(stdout.toString()))).toBe(stated);
  });

  it("may be post-quantum", async () => {
    const { identity, recipient } = await newHostIdentity("post-quantum");
    expect(identity).toMatch(/^AGE-SECRET-KEY-PQ-1/);
    expect(recipient).toMatch(/^age1pq1/);
    expect(readIdentity(`${identity}\r\n`)).toBe(identity);
  });

  it.each([
    ["no line", "# nothing\n\n"],
    ["a recipient", "age1qqqq\n"],
    ["two identities", "AGE-SECRET-KEY-1AAA\nAGE-SECRET-KEY-1BBB\n"],
    ["small letters", "age-secret-key-1aaa"],
  ])("is not read from a file with %s", (_, text) => {
    expect(() => readIdentity(text)).toThrow(expect.objectContaining({ code: "keys/identity" }));
  });

  it("that is misspelled is refused without being quoted", async () => {
    const { identity } = await newHostIdentity();
    const wrong = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
    await expect(recipientOf(wrong)).rejects.toThrow(/^not an age identity$/);
  });
});
