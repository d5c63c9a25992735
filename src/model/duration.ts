import { z } from "zod";

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90s`, `15m`, `6h`, `7d`, `4w`; parsed into milliseconds. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhdw]$/, "must be a duration such as 90s, 15m, 6h, 7d or 4w")
  .transform((text) => Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? Number.NaN));

/** `3 h 20 min`: the two largest units that say enough. */
export function spell(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ];
  const first = units.findIndex(([, size]) => ms >= size);
  if (first === -1) return `${String(Math.max(0, Math.round(ms)))} ms`;
  let rest = ms;
  const words: string[] = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${String(count)} ${unit}`);
  }
  return words.join(" ");
}
