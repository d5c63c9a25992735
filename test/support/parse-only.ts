/** The command line with every command cut off where it would begin to work. */
import { noProgress } from "../../src/base/progress.ts";
import { allCommands } from "../../src/cli/commands.ts";
import type { Context } from "../../src/cli/frame/context.ts";
import { holdfast } from "../../src/cli/holdfast.ts";

/** Ends a command at the first thing that it asks for: what it has to say of its arguments alone comes before. */
const nowhere = new Proxy<Context>(Object.create(null), {
  get: () => {
    throw new TypeError("parsed");
  },
});

/** What it said: "error: parsed" when the arguments are those of a command, else what is wrong with them. */
export async function parseOnly(args: readonly string[]): Promise<string> {
  let said = "";
  const write = (text: string): void => {
    said += text;
  };
  await holdfast(args, {
    commands: await allCommands(),
    streams: { stdout: { write }, stderr: { write } },
    version: "0",
    startProgress: () => noProgress,
    context: () => nowhere,
    debug: false,
  });
  return said;
}
