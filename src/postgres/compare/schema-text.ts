import type { Finding } from "../../model/check.ts";

const linesShown = 10;

/**
 * What differs between two schema texts of which the bytes do: the first lines that only one of them has. A schema may have
 * as many as a tenant likes, and nothing else is done while they are looked through.
 */
export function differencesOfText(loaded: Buffer, empty: Buffer): Finding[] {
  const [here, there] = [linesOf(loaded), linesOf(empty)];
  const secret = new Set([loaded, empty].flatMap((text) => secretLines(text.toString("utf8"))));
  const spelt = (word: string, lines: ReadonlySet<string>, others: ReadonlySet<string>): string =>
    [...lines]
      .filter((line) => !others.has(line))
      .slice(0, linesShown)
      .map((line) => `${word} ${secret.has(line) ? "(an option of a user mapping, or a connection)" : line}`)
      .join("\n");
  const difference = [spelt("-", there, here), spelt("+", here, there)]
    .filter((part) => part !== "")
    .join("\n");
  return [
    {
      subject: "schema text",
      difference: difference === "" ? "the same lines in another order" : difference,
    },
  ];
}

function linesOf(text: Buffer): ReadonlySet<string> {
  return new Set(text.toString("utf8").split("\n"));
}

/** Those that hold passwords of other servers: what differs is printed, and ends up in logs (trap 34). */
function secretLines(text: string): string[] {
  const secret: string[] = [];
  // A tenant's own text may begin so too, with quotes that close nothing, and is not to end what a true one opened.
  let open: ReadonlySet<Place> = new Set();
  for (const line of text.split("\n")) {
    if ((open.size > 0 && line !== ");") || line.startsWith("CREATE SUBSCRIPTION ")) secret.push(line);
    const begun = line.startsWith("CREATE USER MAPPING FOR ")
      ? new Set([...open, "statement" as const])
      : open;
    open = new Set([...begun].map((place) => placeAfter(line, place)).filter((place) => place !== null));
  }
  return secret;
}

/** Where in a statement a line begins: in a literal, in a quoted name, or outside of both. */
type Place = "statement" | "'" | '"';

/** Null where the statement has ended. */
function placeAfter(line: string, begin: Place): Place | null {
  let place = begin;
  for (const [sign] of line.matchAll(/[;'"]/g)) {
    if (place === sign) place = "statement";
    else if (place === "statement") {
      if (sign === ";") return null;
      place = sign === "'" ? "'" : '"';
    }
  }
  return place;
}
