/** `holdfast challenge`: verification is given what is known to be damaged, and what is known to be whole. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Chance } from "../base/chance.ts";
import { disposing } from "../base/disposing.ts";
import { exitCodes, Failure } from "../base/failure.ts";
import { chooseDamages } from "../challenge/catalogue.ts";
import { challenge as runChallenge, type Damage } from "../challenge/challenge.ts";
import { families } from "../challenge/damage.ts";
import { forge } from "../challenge/dump/forge.ts";
import { type Examiner, examiner } from "../challenge/examiner.ts";
import { layGround } from "../challenge/ground.ts";
import { randomTenant } from "../challenge/random/random-tenant.ts";
import type { ChallengeReport } from "../challenge/report.ts";
import { challengeHome } from "./challenge/home.ts";
import { damagesText, lineOf, reportText } from "./challenge/text.ts";
import { type Command, command, type Exit } from "./frame/command.ts";
import type { Context } from "./frame/context.ts";
import type { Output } from "./frame/output.ts";
import { passableFolder } from "./set-up/passable-folder.ts";
import { count } from "./frame/text.ts";

const seedMax = 2 ** 31;
const randomMax = 1000;

/** `tested` is who is put to the test: a blind one shows that the test can be failed. */
export function challengeOf(tested: Examiner): Command {
  return command({
    name: "challenge",
    describe: "put verification to the test: named damages it must find, whole tenants it must not accuse",
    examples: [
      ["challenge", "every damage once, on this machine, with a private PostgreSQL and stores of its own"],
      ["challenge --list", "the damages by name, and what must come of each"],
      ["challenge --family store --json", "those done to what lies in a store, for a script"],
      ["challenge --only row-lost --only proof-by-stranger", "two of them"],
      ["challenge --family machine --random 50 --seed 7", "and fifty random tenants with nothing wrong"],
    ],
    repeatable: ["only"],
    options: (yargs) =>
      yargs
        .option("only", {
          type: "string",
          array: true,
          requiresArg: true,
          describe: "damages by name; all when not given",
        })
        .option("family", { choices: families, requiresArg: true, describe: "damages of one family" })
        .option("random", {
          type: "string",
          requiresArg: true,
          default: "5",
          describe: "how many random tenants, with nothing wrong, are to be proven",
        })
        .option("seed", { type: "string", requiresArg: true, describe: "of the first random tenant" })
        .option("list", { type: "boolean", describe: "only name the damages" })
        .option("keep", { type: "boolean", describe: "leave the folder behind" }),
    run: async ({ only, family, random, seed, list, keep }, context, out) => {
      const damages = chooseDamages({ only: only ?? [], family: family ?? null });
      if (list === true) return tellDamages(damages, out);
      const { machine } = context;
      const seeds = seedsOf(random, seed, machine.chance);
      using _ = passable();
      const made = await passableFolder("challenge", { uid: machine.uid, stays: keep === true });
      if (keep === true) out.say(`everything stays in ${made.path}`);
      const report = await disposing(made, ({ path: folder }) =>
        challengeIn(folder, { damages, seeds, examiner: tested }, context, out),
      );
      out.result({ ...report, seed: seeds.first, folder: keep === true ? made.path : null }, () =>
        reportText(report),
      );
      return report.missed.length + report.falseAlarms.length > 0 ? exitCodes.found : exitCodes.done;
    },
  });
}

export const challenge = challengeOf(examiner);

function tellDamages(damages: readonly Damage[], out: Output): Exit {
  const named = damages.map(({ name, family, title, expected, seenBy }) => ({
    name,
    family,
    title,
    expected,
    seenBy,
  }));
  out.result(named, () => damagesText(named));
  return exitCodes.done;
}

/** Of the random tenants, one after the other. */
interface Seeds {
  readonly first: number;
  readonly count: number;
}

function seedsOf(random: string, seed: string | undefined, chance: Chance): Seeds {
  const first = seed === undefined ? chance(4).readUInt32LE() % seedMax : wholeNumber("seed", seed, seedMax);
  return { first, count: wholeNumber("random", random, randomMax) };
}

interface Trials {
  readonly damages: readonly Damage[];
  readonly seeds: Seeds;
  readonly examiner: Examiner;
}

async function challengeIn(
  folder: string,
  { damages, seeds, examiner: tested }: Trials,
  { machine, wait }: Context,
  out: Output,
): Promise<ChallengeReport> {
  out.say("laying the ground: a private PostgreSQL, two tenants, two stores, two backups");
  const config = await challengeHome(join(folder, "home"), machine, wait);
  await using ground = await layGround({ folder, config, machine }, wait);
  const beside =
    seeds.count === 0 ? "" : `, and ${count(seeds.count, "random tenant")} from seed ${String(seeds.first)}`;
  out.say(`${count(damages.length, "damage")}${beside}`);
  return await runChallenge(
    ground,
    {
      damages,
      samples: Array.from({ length: seeds.count }, (_, index) => randomTenant(seeds.first + index)),
      examiner: tested,
      forge,
      width: Math.min(4, availableParallelism()),
      onResult: (result) => out.say(lineOf(result)),
    },
    wait,
  );
}

/** Other users than ours pass through what is made until it is disposed; what is secret says so itself. */
function passable(): Disposable {
  const before = process.umask(0o022);
  return { [Symbol.dispose]: () => void process.umask(before) };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new Failure(
    "usage/invalid",
    `--${option} takes a whole number from 0 to ${String(max)}, not ${text}`,
  );
}
