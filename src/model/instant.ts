/**
 * The order of two instants in UTC, as documents hold them: negative when the first is the earlier one.
 * Not that of the texts: seconds and fractions may be left out, and "…:00.500Z" sorts before "…:00Z".
 */
export function compareInstants(one: string, other: string): number {
  const [a, b] = [normal(one), normal(other)];
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Seconds always there, the fraction without trailing zeros and without the `Z`: such texts sort as times do. */
function normal(instant: string): string {
  const [time = "", fraction = ""] = instant.replace(/Z$/, "").split(".");
  const whole = /T\d\d:\d\d$/.test(time) ? `${time}:00` : time;
  return `${whole}.${fraction.replace(/0+$/, "")}`;
}
