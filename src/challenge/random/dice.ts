import { sha256 } from "../../base/digest.ts";

/** Choices that follow from a seed alone, so that a schema can be made again from its number, by any release. */
export interface Dice {
  /** From 0 up to but not including `below`. */
  below(below: number): number;
  /** From `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** null where there is nothing to pick from. */
  pickAny<T>(from: readonly T[]): T | null;
  /** Some of them, in their order. */
  some<T>(from: readonly T[], percent: number): T[];
}

/** The digests of `seed` and a counter, four bytes at a time: a few thousand throws are all that a schema takes. */
export function diceOf(seed: number, throwing = "schema"): Dice {
  let block = "";
  let blocks = 0;
  const throwOne = (): number => {
    if (block === "") {
      block = sha256(Buffer.from(`holdfast random ${throwing} ${String(seed)} ${String(blocks)}`));
      blocks += 1;
    }
    const word = Number.parseInt(block.slice(0, 8), 16);
    block = block.slice(8);
    return word;
  };
  const below = (limit: number): number => throwOne() % limit;
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (percent) => below(100) < percent,
    pick: (from) => from[below(from.length)] ?? from[0],
    pickAny: (from) => (from.length === 0 ? null : (from[below(from.length)] ?? null)),
    some: (from, percent) => from.filter(() => below(100) < percent),
  };
}
