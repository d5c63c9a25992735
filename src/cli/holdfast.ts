/** The frame of the command line: finds the command, runs it, turns what happens into output and an exit code. */
import yargs, { type Argv } from "yargs";
import { Failure, failureOf } from "../base/failure.ts";
import type { CommandRun, Command } from "./frame/command.ts";
import type { Context } from "./frame/context.ts";
import { refuseValuesOfFlags } from "./frame/flag-values.ts";
import { type PrintedOutput, printTo, type Streams } from "./frame/output.ts";
import { overview, groups } from "./frame/overview.ts";
import { usageHint } from "./frame/usage-hint.ts";
import type { Progress } from "../base/progress.ts";

export interface Frame {
  readonly commands: readonly Command[];
  readonly streams: Streams;
  readonly version: string;
  readonly startProgress: (title: string, totalBytes: number | null) => Progress;
  /** The context of one run; `config` is the value of `--config`, undefined when not given. */
  readonly context: (config: string | undefined) => Context;
  /** Print the stack of an error that is no `Failure`. */
  readonly debug: boolean;
}

/** Runs `holdfast ARGS` to its end and returns the exit code; never throws. */
export async function holdfast(args: readonly string[], frame: Frame): Promise<number> {
  // The parser may fail before it has seen --json, and its user still needs the answer as JSON.
  const json = args.includes("--json");
  const out = printTo(frame.streams, json, frame.startProgress);
  try {
    const parsed = await parse(args, frame);
    if (parsed.kind === "help") {
      frame.streams.stdout.write(`${parsed.text}\n`);
      return 0;
    }
    return await parsed.run(frame.context(parsed.config), out);
  } catch (error) {
    return report(error, { frame, json, out });
  }
}

type Parsed =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "run"; readonly run: CommandRun; readonly config: string | undefined };

async function parse(args: readonly string[], frame: Frame): Promise<Parsed> {
  // The parser would drop what follows without a word, and a list of one tenant would become one of all.
  if (args.includes("--"))
    throw new Failure("usage/invalid", "-- is of no use here: no name begins with a dash");
  const found: {
    run?: CommandRun;
    config?: string | undefined;
    parsed?: Readonly<Record<string, unknown>>;
    help?: string;
    failure?: Failure;
  } = {};
  if (args.length === 0) return { kind: "help", text: await grammar(frame, () => undefined).getHelp() };
  const parser = grammar(frame, (run) => {
    found.run = run;
  });
  await parser.parseAsync([...args], {}, (error: Error | null | undefined, argv, output) => {
    found.config = typeof argv["config"] === "string" ? argv["config"] : undefined;
    found.parsed = argv;
    if (error !== undefined && error !== null) found.failure = usageFailure(error);
    else if (output !== "") found.help = output;
  });
  if (found.failure !== undefined) throw await withHint(found.failure, args, frame);
  refuseValuesOfFlags(args, found.parsed ?? {});
  if (found.help !== undefined) return { kind: "help", text: found.help };
  if (found.run === undefined) throw new Failure("usage/invalid", `there is no command ${args[0] ?? ""}`);
  return { kind: "run", run: found.run, config: found.config };
}

function grammar(frame: Frame, chosen: (run: CommandRun) => void): Argv {
  const parser = yargs()
    .scriptName("holdfast")
    .locale("en")
    .exitProcess(false)
    .parserConfiguration({
      "boolean-negation": false,
      "greedy-arrays": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "strip-aliased": true,
      "strip-dashed": true,
    })
    .usage(overview.usage)
    .epilogue(overview.epilogue)
    .option("config", {
      type: "string",
      requiresArg: true,
      describe: "configuration, default ./holdfast.yaml",
    })
    .option("json", { type: "boolean", describe: "one JSON document on standard output" })
    .help("help", "show this help")
    .version("version", "show the version", frame.version)
    .strict()
    .demandCommand(1, "name a command")
    .wrap(100);
  for (const [args, what] of overview.examples) parser.example(`holdfast ${args}`, what);
  for (const command of frame.commands.filter(({ name }) => !name.includes(" "))) {
    const under = frame.commands.filter(({ name }) => name.startsWith(`${command.name} `));
    command.attach(parser, pattern(command.name, command.usage), chosen, (own) => {
      attachMembers(own, command.name, under, chosen);
    });
  }
  for (const [group, describe] of Object.entries(groups)) {
    const members = frame.commands.filter(({ name }) => name.startsWith(`${group} `));
    if (members.length === 0) continue;
    parser.command(group, describe, (own) => {
      attachMembers(own, group, members, chosen);
      return own
        .usage(`holdfast ${group} COMMAND\n\n${describe}`)
        .demandCommand(1, `name a command of ${group}`);
    });
  }
  return parser;
}

/** `schedule` of `tenants`, which is a command itself, or `rotate` of the mere group `keys`. */
function attachMembers(
  own: Argv,
  group: string,
  members: readonly Command[],
  chosen: (run: CommandRun) => void,
): void {
  for (const member of members) {
    member.attach(own, pattern(member.name.slice(group.length + 1), member.usage), chosen);
  }
}

function pattern(name: string, usage: string): string {
  return usage === "" ? name : `${name} ${usage}`;
}

/** What may have been meant, where that can be told. */
async function withHint(failure: Failure, args: readonly string[], frame: Frame): Promise<Failure> {
  const { code, message, cause } = failure;
  const [, unknown] = /^unknown arguments?: (.*)$/.exec(message) ?? [];
  if (unknown === undefined && !message.startsWith("not enough non-option arguments")) return failure;
  const hint = await usageHint(args, unknown?.split(", ") ?? [], frame.commands, async (words) => {
    const parsed = await parse([...words, "--help"], frame);
    return parsed.kind === "help" ? parsed.text : "";
  });
  return hint === undefined ? failure : new Failure(code, message, { cause, hint });
}

/** The parser's sentences, in our manner: lower case, one line. */
function usageFailure(error: Error): Failure {
  if (error instanceof Failure) return error;
  const lines = error.message.split("\n").map((line) => line.trim());
  const text = lines.filter((line) => line !== "").join(" ");
  const [, option, given, choices] =
    /^Invalid values: Argument: (.*), Given: (.*), Choices: (.*)$/.exec(text) ?? [];
  const message =
    option === undefined
      ? `${text.charAt(0).toLowerCase()}${text.slice(1)}`
      : `--${option} is ${given ?? ""}, and must be one of ${choices ?? ""}`;
  return new Failure("usage/invalid", message, { cause: error });
}

interface Reporting {
  readonly frame: Frame;
  readonly json: boolean;
  readonly out: PrintedOutput;
}

/** Tells what stopped the command and returns the exit code. */
function report(error: unknown, { frame, json, out }: Reporting): number {
  const failure = failureOf(error);
  // A second document would break whoever parses the first.
  if (json && !out.printed()) {
    const { code, message, hint } = failure;
    frame.streams.stdout.write(
      `${JSON.stringify({ error: { code, message, hint: hint ?? null } }, null, 2)}\n`,
    );
  }
  out.say(`error: ${failure.message}`);
  if (failure.hint !== undefined) out.say(`  hint: ${failure.hint}`);
  if (frame.debug && error instanceof Error) out.say(error.stack ?? "");
  return failure.exit;
}
