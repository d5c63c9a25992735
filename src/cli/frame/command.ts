/**
 * A command is parse -> call -> print. One file per command: `command({...})` says how it is
 * written on the command line, and its `run` calls a function that returns data and is usable
 * without the command line, then hands the data to `out`.
 */
import type { ArgumentsCamelCase, Argv } from "yargs";
import { type exitCodes, Failure } from "../../base/failure.ts";
import type { Context } from "./context.ts";
import type { Output } from "./output.ts";

/** How a command ends when it did what was asked, or found what it was asked to look for. */
export type Exit = (typeof exitCodes)[keyof typeof exitCodes];

export interface CommandDefinition<Args> {
  /** One word, or two for a command of a group: `keys rotate`. */
  readonly name: string;
  /** The positionals as yargs writes them: `<tenant>`, `[tenants..]`; empty when there are none. */
  readonly usage?: string;
  /** Half a sentence for the overview, lower case, without a full stop. */
  readonly describe: string;
  /** Arguments after `holdfast`, and what they do. At least one. */
  readonly examples: readonly (readonly [args: string, what: string])[];
  /** Options that may be given several times; every other one is refused the second time. */
  readonly repeatable?: readonly string[];
  /** Declares positionals and options; `--json`, `--config` and `--help` are there already. */
  readonly options: (yargs: Argv) => Argv<Args>;
  /** Resolves with the exit code; failures are thrown. */
  readonly run: (args: ArgumentsCamelCase<Args>, context: Context, out: Output) => Promise<Exit>;
}

/** What the frame needs of a command; the type of its arguments stays inside. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly describe: string;
  readonly examples: CommandDefinition<unknown>["examples"];
  /**
   * Adds the command to `yargs`; when it is the one called, `chosen` is given what is left to run. `attachUnder`
   * adds what is called by its name and one more word.
   */
  readonly attach: (
    yargs: Argv,
    pattern: string,
    chosen: (run: CommandRun) => void,
    attachUnder?: (own: Argv) => void,
  ) => Argv;
}

export type CommandRun = (context: Context, out: Output) => Promise<Exit>;

/** A command of the frame made from its definition. */
export function command<Args>(definition: CommandDefinition<Args>): Command {
  const usage = definition.usage ?? "";
  return {
    name: definition.name,
    usage,
    describe: definition.describe,
    examples: definition.examples,
    attach: (yargs, pattern, chosen, attachUnder) =>
      yargs.command(
        pattern,
        definition.describe,
        (own) => {
          const built = definition.options(own).usage(heading(definition.name, usage, definition.describe));
          for (const [args, what] of definition.examples) built.example(`holdfast ${args}`, what);
          attachUnder?.(built);
          return built;
        },
        (args) => {
          refuseRepeated(args, [...(definition.repeatable ?? []), ...variadic(usage)]);
          chosen((context, out) => definition.run(args, context, out));
        },
      ),
  };
}

function heading(name: string, usage: string, describe: string): string {
  return `holdfast ${name}${usage === "" ? "" : ` ${usage}`}\n\n${describe}`;
}

/** `[tenants..]` may hold several by its nature. */
function variadic(usage: string): string[] {
  return Array.from(usage.matchAll(/[<[]([\w-]+)\.\.[>\]]/g), (match) => match[1] ?? "");
}

/** The parser makes an array of an option given twice, which no command that expects one value would survive. */
function refuseRepeated(args: object, repeatable: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    if (name !== "_" && Array.isArray(value) && !repeatable.includes(name)) {
      throw new Failure("usage/invalid", `--${name} is given ${String(value.length)} times`);
    }
  }
}
