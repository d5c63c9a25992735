/** Bytes that are wrong in the same way twice accuse the store; those that are wrong in another way each time accuse nobody (promise 5). */
import { describe, expect, it } from "vitest";
import { readDoubting } from "../../src/base/doubted.ts";

/** Reads one after the other: what each is wrong with, null for nothing. */
async function reading(
  ...wrongs: readonly (string | symbol | null)[]
): Promise<{ found: string; again: boolean[] }> {
  const again: boolean[] = [];
  const found = await readDoubting("object of dubai", async (isAgain) => {
    const wrong = wrongs[again.length];
    if (wrong === undefined) throw new Error("read once too often");
    again.push(isAgain);
    return { found: wrong === null ? "good" : String(wrong), wrong };
  });
  return { found, again };
}

describe("what is read", () => {
  it("is taken as it is when nothing is amiss", async () => {
    expect(await reading(null)).toEqual({ found: "good", again: [false] });
  });

  it("is wrong when it is wrong in the same way twice", async () => {
    expect(await reading("a", "a")).toEqual({ found: "a", again: [false, true] });
    expect(await reading("a", "b", "a")).toEqual({ found: "a", again: [false, true, true] });
    expect(await reading("a", "b", "b")).toEqual({ found: "b", again: [false, true, true] });
  });

  it("is good when it was spoilt in passing, once or twice", async () => {
    expect(await reading("a", null)).toEqual({ found: "good", again: [false, true] });
    expect(await reading("a", "b", null)).toEqual({ found: "good", again: [false, true, true] });
  });

  it("that nothing is known of is like nothing else", async () => {
    await expect(reading(Symbol("x"), Symbol("x"), Symbol("x"))).rejects.toMatchObject({
      code: "store/protocol",
    });
  });

  it("that is wrong in three ways accuses nobody", async () => {
    await expect(reading("a", "b", "c")).rejects.toMatchObject({
      code: "store/protocol",
      message: expect.stringContaining("object of dubai was read three times"),
    });
  });
});
