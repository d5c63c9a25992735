/** What somebody may have meant whose command line was not understood. */
import { didYouMean } from "../../base/nearest.ts";

/** How a command is written, and the options it takes. */
export interface Written {
  readonly name: string;
  readonly usage: string;
}

/**
 * `args` is the command line and `unknown` what of it means nothing, options without their dashes; `helpOf` gives
 * the help of a command. Undefined where nothing better is known than that there is a help.
 */
export async function usageHint(
  args: readonly string[],
  unknown: readonly string[],
  commands: readonly Written[],
  helpOf: (words: readonly string[]) => Promise<string>,
): Promise<string | undefined> {
  const words = args.filter((word, index) => !word.startsWith("-") && args[index - 1] !== "--config");
  const called = commandOf(words, commands);
  const [first] = unknown;
  if (first === undefined) return called === undefined ? undefined : `it is written ${spelt(called)}`;
  const option = args.find((word) => word.replace(/^--?/, "").replace(/=.*/, "") === first);
  if (option?.startsWith("-") === true) {
    const help = await helpOf(called === undefined ? [] : called.name.split(" "));
    const options = Array.from(help.matchAll(/^ +--([\w-]+)/gm), ([, name]) => `--${name ?? ""}`);
    return didYouMean(`--${first}`, options);
  }
  const meant = words.slice(0, words.indexOf(first) + 1).join(" ");
  return didYouMean(
    meant,
    commands.flatMap(({ name }) => [name, name.replace(/ .*/, "")]),
  );
}

/** The command that the words begin with, the longest where one is called like the group of others. */
function commandOf(words: readonly string[], commands: readonly Written[]): Written | undefined {
  return commands
    .filter(({ name }) => name.split(" ").every((word, at) => word === words[at]))
    .toSorted((one, other) => other.name.length - one.name.length)[0];
}

function spelt({ name, usage }: Written): string {
  return `holdfast ${name}${usage === "" ? "" : ` ${usage}`}; --help shows it with examples`;
}
