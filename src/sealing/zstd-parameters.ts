/**
 * What zstd is told for a plaintext of a chunk's length. Its levels look for matches of five bytes, of which rows are
 * full by chance: in hex digits and numbers one is found nearly everywhere, and each gains next to nothing.
 */
import { constants } from "node:zlib";

/** `rows`: values in digits, one like the other. `text`: all else, where short matches pay. */
export type Manner = "rows" | "text";

/** Shorter plaintexts have parameters of their own by zstd, for which none of this is true. */
const bytesMin = 256 * 1024;

/** The fast search over a table of 64 KiB, for matches of six bytes. */
const fastForRows = {
  [constants.ZSTD_c_strategy]: constants.ZSTD_fast,
  [constants.ZSTD_c_minMatch]: 6,
  [constants.ZSTD_c_hashLog]: 14,
};

/** Smaller tables than the level has, for matches of six bytes: a third faster, and prose takes 3 % more bytes. */
const text3 = {
  [constants.ZSTD_c_minMatch]: 6,
  [constants.ZSTD_c_hashLog]: 16,
  [constants.ZSTD_c_chainLog]: 15,
};

/** Beside the level itself; none where that is to say all. */
export function parametersFor(
  level: number,
  manner: Manner,
  bytes: number,
): Readonly<Record<number, number>> {
  if (bytes <= bytesMin) return {};
  if (manner === "rows" && isChoice(level, bytes)) {
    return level <= 4 ? fastForRows : { [constants.ZSTD_c_minMatch]: 6 };
  }
  return level === 3 ? text3 : {};
}

/**
 * Whether the two manners differ. Measured on tables of many kinds, rows take 2 to 5 % fewer bytes in their manner, in
 * two thirds of the time up to level 4 and in nine tenths above; prose and programs 2 to 14 % more. Level 1 is the fast
 * search already, and from 16 on zstd weighs each match itself.
 */
export function isChoice(level: number, bytes: number): boolean {
  return bytes > bytesMin && level >= 2 && level <= 15;
}
