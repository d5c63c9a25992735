/** Long runs in parts, one after the other or on several machines: `HOLDFAST_PART=2/4` is the second of four. */

const [nth = 1, parts = 1] = (process.env["HOLDFAST_PART"] ?? "1/1").split("/").map(Number);

/** Whether this run is no part, but all. */
export const isWhole = parts === 1;

/** Of 0 to `count` - 1 those of this part: every so many-th, so that each part has of the beginning and of the end. */
export function part(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at).filter((at) => at % parts === nth - 1);
}

/** As `part`, of things that there are. */
export function partOf<T>(all: readonly T[]): T[] {
  return part(all.length).flatMap((at) => all[at] ?? []);
}
