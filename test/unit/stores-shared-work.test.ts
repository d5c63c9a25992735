/** Shared work is no way for one system call that never returns to stop every later one. */
import { expect, it } from "vitest";
import { SharedWork } from "../../src/stores/shared-work.ts";

it("who comes half a minute after work that never ends begins anew, and is shared in his turn", async () => {
  let nowMs = 0;
  const shared = new SharedWork(() => nowMs);
  const begun: string[] = [];
  const stuck = Promise.withResolvers<void>();
  const work =
    (name: string, end: Promise<void> = Promise.resolve()) =>
    async (): Promise<void> => {
      begun.push(name);
      await end;
    };
  const first = shared.do("a", work("first", stuck.promise));
  const second = shared.do("a", work("second"));
  nowMs = 29_999;
  const third = shared.do("a", work("third"));
  expect(begun).toEqual(["first"]);
  nowMs = 30_000;
  const held = Promise.withResolvers<void>();
  const fourth = shared.do("a", work("fourth", held.promise));
  const fifth = shared.do("a", work("fifth"));
  const sixth = shared.do("a", work("sixth"));
  expect(begun).toEqual(["first", "fourth"]);
  held.resolve();
  await Promise.all([fourth, fifth, sixth]);
  expect(begun).toEqual(["first", "fourth", "fifth"]);
  stuck.resolve();
  await Promise.all([first, second, third]);
  expect(begun).toEqual(["first", "fourth", "fifth", "second"]);
  await shared.do("a", work("last"));
  expect(begun.at(-1)).toBe("last");
});

it("work that ends late does not end what was begun beside it", async () => {
  let nowMs = 0;
  const shared = new SharedWork(() => nowMs);
  const [late, under] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = shared.do("a", () => late.promise);
  nowMs = 30_000;
  const second = shared.do("a", () => under.promise);
  late.resolve();
  await first;
  let hasBegun = false;
  const third = shared.do("a", async () => {
    hasBegun = true;
  });
  expect(hasBegun).toBe(false);
  under.resolve();
  await Promise.all([second, third]);
  expect(hasBegun).toBe(true);
});
