import { namesItself } from "./unnamed-columns.ts";

/**
 * Whether two definitions have the same names, constants and operators, each as often, in whatever order, brackets
 * and casts. That is as far as the server goes when it spells anew what went through an archive (trap 14), so
 * a definition with others is another one, whatever the archive says. The one thing that `after` may have besides
 * is the name that a column without one takes from the cast that the server wrote out for it.
 */
export function hasSameWords(before: string, after: string): boolean {
  const expected = wordsOf(before).toSorted();
  if (sameLists(expected, wordsOf(after).toSorted())) return true;
  return sameLists(expected, wordsOf(withoutNewNames(before, after)).toSorted());
}

const name = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const field = "(?:year|month|day|hour|minute|second)";
/** As format_type writes them. */
const cast = `::${name}(?:\\.${name})*(?: varying| precision| ${field}(?: to ${field})?)?(?:\\([^()']*\\))?(?: with(?:out)? time zone)?(?:\\[\\])*`;
const word = `'(?:[^']|'')*'|${cast}|${name}|[\\p{N}][\\p{L}\\p{N}_.]*|[-+*/<>=~!@#%^&|\`?]+`;
/** What may be named, with its name; all else that could be taken for it comes along and is let be. */
const named = new RegExp(`'(?:[^']|'')*'|(?:(${cast})|(\\))) AS (${name})|${cast}|${name}`, "gu");

/** `after` with the names left out that columns took from casts, as many of each as `before` has fewer. */
function withoutNewNames(before: string, after: string): string {
  const taken = new Set(namesIn(after).flatMap(({ type, alias }) => (fits(type, alias) ? [alias] : [])));
  const known = new Map([...taken].map((alias) => [alias, 0]));
  for (const { alias } of namesIn(before)) {
    const count = known.get(alias);
    if (count !== undefined) known.set(alias, count + 1);
  }
  return after.replaceAll(named, (found, type: string | undefined, bracket: string | undefined, alias) => {
    const left = known.get(String(alias));
    // A select in brackets, or an expression with a collation, takes the name of what is inside.
    if (left === undefined || !(bracket !== undefined || fits(type, String(alias)))) return found;
    known.set(String(alias), Math.max(0, left - 1));
    return left > 0 ? found : (type ?? ")");
  });
}

interface Named {
  readonly type: string | undefined;
  readonly alias: string;
}

function namesIn(text: string): Named[] {
  return [...text.matchAll(named)].flatMap(([, type, , alias]) =>
    alias === undefined ? [] : [{ type, alias }],
  );
}

function fits(type: string | undefined, alias: string): boolean {
  return type !== undefined && namesItself(type, alias);
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(new RegExp(word, "gu"))]
    .map(([found]) => found)
    .filter((found) => !found.startsWith("::") && found !== "-")
    .map(unsigned)
    .map(folded);
}

function sameLists(one: readonly string[], other: readonly string[]): boolean {
  return one.join("\n") === other.join("\n");
}

/** A number comes back in quotes, and with its sign inside, where it is a constant of another type. */
function unsigned(found: string): string {
  return found.replace(/^'-?(\d[\d.]*)'$/, "$1");
}

/** What stands without quotes is the same in either case: `extract('YEAR' from …)` comes back as `EXTRACT(year FROM …)`. */
function folded(found: string): string {
  return /^["']/.test(found) ? found : found.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
