/** The memory that streams are cut in goes from one to the next, and nothing that was in it does. */
import { expect, it } from "vitest";
import { giveBackRowMemory, lendRowMemory } from "../../src/sealing/row-memory.ts";

it("is empty for the next stream, also where it had grown", () => {
  const first = lendRowMemory(100_000);
  first.frames.bytes.fill("f");
  first.grow(3_000_000);
  expect(first.frames.bytes.every((byte) => byte === 102)).toBe(true);
  expect(first.chunk.bytes.length).toBeGreaterThanOrEqual(3_000_000);
  first.chunk.bytes.fill("c");
  giveBackRowMemory(first);
  const next = lendRowMemory(100_000);
  expect(next).toBe(first);
  expect(next.frames.bytes.every((byte) => byte === 0)).toBe(true);
  expect(next.chunk.bytes.every((byte) => byte === 0)).toBe(true);
});

it("is never had by two at once", () => {
  const [one, other] = [lendRowMemory(1000), lendRowMemory(1000)];
  expect(one).not.toBe(other);
  one.chunk.bytes.fill("c");
  expect(other.chunk.bytes.every((byte) => byte === 0)).toBe(true);
});
