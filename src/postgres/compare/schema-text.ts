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
  const mappings = text.matchAll(/^CREATE USER MAPPING FOR (?:[^;'"]|'[^']*'|"[^"]*")*;/gm);
  const options = Array.from(mappings, ([statement]) => statement.split("\n").slice(1, -1)).flat();
  return [...options, ...(text.match(/^CREATE SUBSCRIPTION .*$/gm) ?? [])];
}
