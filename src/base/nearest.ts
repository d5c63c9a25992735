/**
 * Those of `names` that somebody who wrote `written` may have meant, nearest first: the same but for capitals, or
 * a slip or two away. Short words forgive less. Empty when nothing is near.
 */
export function nearest(written: string, names: Iterable<string>): readonly string[] {
  return [...new Set(names)]
    .map((name) => ({ name, away: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= Math.min(2, Math.floor(name.length / 3)))
    .toSorted((one, other) => one.away - other.away)
    .map(({ name }) => name);
}

/** `did you mean a or b?` of at most three, undefined where nothing is near. */
export function didYouMean(written: string, names: Iterable<string>): string | undefined {
  const near = nearest(written, names).slice(0, hintsMax);
  return near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
}

const hintsMax = 3;

/** How many letters must be put in, taken out or changed; two that changed places count as one. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1];
    for (let at = 1; at <= other.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (other[at - 1] === one[index] ? 0 : 1);
      const swapped =
        at > 1 && index > 0 && one[index] === other[at - 2] && one[index - 1] === other[at - 1]
          ? (before[at - 2] ?? 0) + 1
          : Infinity;
      next.push(Math.min(changed, swapped, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
