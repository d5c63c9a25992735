import type { Dice } from "./dice.ts";
import { ident } from "./quoting.ts";

/** Words that a database may bear as names although every tool would rather it did not. */
const words = [
  "plain",
  "Mixed Case",
  'with "quotes"',
  "it's",
  "ünïcödé",
  "جدول",
  "表",
  "🦀",
  "select",
  "user",
  "two\nlines",
  "tab\tinside",
  "back\\slash",
  "percent %s %I",
  "$dollar$",
  "semi;colon --",
  "/* comment */",
  " leading",
  "dots.in.it",
  "1digit",
  "a'b\"c\\d",
] as const;

/** Names that are unique in the schema that is being made, quoted for SQL. */
export interface Names {
  /** `word` says what it is of, so that a person finds their way: `table`, `column`. */
  next(word: string): string;
}

export function namesFrom(dice: Dice): Names {
  let count = 0;
  return {
    next: (word) => {
      count += 1;
      // At most 63 bytes.
      const plain = `${word}_${String(count)}`;
      return ident(dice.chance(30) ? `${dice.pick(words)} ${plain}` : plain);
    },
  };
}
