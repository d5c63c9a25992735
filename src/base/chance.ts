import { randomBytes } from "node:crypto";

/** Chance is an argument, as time is: `(12)` gives twelve unpredictable bytes. */
export type Chance = (bytes: number) => Buffer;

export const systemChance: Chance = (bytes) => randomBytes(bytes);

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Letters of RFC 4648 base32 in lower case, five bits each. */
export function randomBase32(chance: Chance, letters: number): string {
  return Array.from(chance(letters), (byte) => base32.charAt(byte & 31)).join("");
}
