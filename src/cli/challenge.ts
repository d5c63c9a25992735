/** `holdfast challenge`: verification is given what is known to be damaged, and what is known to be whole. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { disposing } from "../base/disposing.ts";
import { exitCodes, Failure } from "../base/failure.ts";
import { chooseDamages } from "../challenge/catalogue.ts";
import { challenge as runChallenge } from "../challenge/challenge.ts";
import { families } from "../challenge/damage.ts";
import { forge } from "../challenge/dump/forge.ts";
import { type Examiner, examiner } from "../challenge/examiner.ts";
import { layGround } from "../challenge/ground.ts";
import { randomTenant } from "../challenge/random/random-tenant.ts";
import { challengeHome } from "./challenge/home.ts";
import { damagesText, lineOf, reportText } from "./challenge/text.ts";
import { type Command, command } from "./frame/command.ts";
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
      if (list === true) {
        const named = damages.map(({ name, family: of, title, expected, seenBy }) => ({
          name,
          family: of,
          title,
          expected,
          seenBy,
        }));
        out.result(named, () => damagesText(named));
        return exitCodes.done;
      }
      const { machine, wait } = context;
      const firstSeed =
        seed === undefined ? machine.chance(4).readUInt32LE() % seedMax : wholeNumber("seed", seed, seedMax);
      const seeds = Array.from(
        { length: wholeNumber("random", random, randomMax) },
        (_, index) => firstSeed + index,
      );
      using _ = passable();
      const made = await passableFolder("challenge", { uid: machine.uid, stays: keep === true });
      if (keep === true) out.say(`everything stays in ${made.path}`);
      const report = await disposing(made, async ({ path: folder }) => {
        out.say("laying the ground: a private PostgreSQL, two tenants, two stores, two backups");
        const config = await challengeHome(join(folder, "home"), machine, wait);
        await using ground = await layGround({ folder, config, machine }, wait);
        const beside =
          seeds.length === 0
            ? ""
            : `, and ${count(seeds.length, "random tenant")} from seed ${String(firstSeed)}`;
        out.say(`${count(damages.length, "damage")}${beside}`);
        return await runChallenge(
          ground,
          {
            damages,
            samples: seeds.map(randomTenant),
            examiner: tested,
            forge,
            width: Math.min(4, availableParallelism()),
            onResult: (result) => out.say(lineOf(result)),
          },
          wait,
        );
      });
      out.result({ ...report, seed: firstSeed, folder: keep === true ? made.path : null }, () =>
        reportText(report),
      );
      return report.missed.length + report.falseAlarms.length > 0 ? exitCodes.found : exitCodes.done;
    },
  });
}

export const challenge = challengeOf(examiner);

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
