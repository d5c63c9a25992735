/**
 * Whether two definitions have the same names, constants and operators, each as often, in whatever order, brackets
 * and casts. That is as far as the server goes when it spells anew what went through an archive (trap 14), so
 * a definition with others is another one, whatever the archive says.
 */
export function hasSameWords(one: string, other: string): boolean {
  return wordsOf(one).join("\n") === wordsOf(other).join("\n");
}

const name = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const field = "(?:year|month|day|hour|minute|second)";
/** As format_type writes them. */
const cast = `::${name}(?:\\.${name})*(?: varying| precision| ${field}(?: to ${field})?)?(?:\\([^()']*\\))?(?: with(?:out)? time zone)?(?:\\[\\])*`;
const word = `'(?:[^']|'')*'|${cast}|${name}|[\\p{N}][\\p{L}\\p{N}_.]*|[-+*/<>=~!@#%^&|\`?]+`;

function wordsOf(text: string): string[] {
  return [...text.matchAll(new RegExp(word, "gu"))]
    .map(([found]) => found)
    .filter((found) => !found.startsWith("::") && found !== "-")
    .map(unsigned)
    .map(folded)
    .toSorted();
}

/** A number comes back in quotes, and with its sign inside, where it is a constant of another type. */
function unsigned(found: string): string {
  return found.replace(/^'-?(\d[\d.]*)'$/, "$1");
}

/** What stands without quotes is the same in either case: `extract('YEAR' from …)` comes back as `EXTRACT(year FROM …)`. */
function folded(found: string): string {
  return /^["']/.test(found) ? found : found.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
