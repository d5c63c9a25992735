/** Memory that goes round is never seen by two, and does not gather. */
import { expect, it } from "vitest";
import { freshPart, partBytes, recycle } from "../../src/base/parts.ts";

it("comes back filled as it was, to one owner alone", () => {
  const first = new Uint8Array(freshPart()).fill(7);
  recycle(first);
  expect(first).toHaveLength(0);
  recycle(first);
  const [next, other] = [new Uint8Array(freshPart()), new Uint8Array(freshPart())];
  expect([next.length, other.length]).toEqual([partBytes, partBytes]);
  expect(next[0]).toBe(7);
  other.fill(9);
  expect(next[0]).toBe(7);
});

it("is given away as a whole by any view of it", () => {
  const part = new Uint8Array(freshPart());
  recycle(part.subarray(10, 20));
  expect(part).toHaveLength(0);
});

it("of another size, or of more parts than are needed, goes back to the system", () => {
  const odd = Buffer.allocUnsafeSlow(partBytes + 1);
  recycle(odd);
  expect(odd).toHaveLength(0);
  const many = Array.from({ length: 40 }, (_, index) => new Uint8Array(freshPart()).fill(index + 100));
  for (const one of many) recycle(one);
  expect(many.every(({ length }) => length === 0)).toBe(true);
  const again = Array.from({ length: 40 }, () => new Uint8Array(freshPart()));
  expect(again.filter(([first]) => first !== undefined && first >= 100)).toHaveLength(16);
});
