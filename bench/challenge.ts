/**
 * `npm run bench:challenge -- [--random 50] [--seed N]`: runs `holdfast challenge` whole and keeps what was found
 * and what was missed in `bench/results/challenge.json`. It exits as the command does. Where damages were left
 * out nothing is kept.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { challengeJson } from "../test/support/challenge-report.ts";

const { values } = parseArgs({
  options: { random: { type: "string", default: "50" }, seed: { type: "string", default: "1" } },
});

const main = resolve(import.meta.dirname, "../src/main.ts");
const args = ["challenge", "--random", values.random, "--seed", values.seed, "--json"];
const ran = spawnSync(process.execPath, [main, ...args], {
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const told = challengeJson.parse(JSON.parse(ran.stdout));
// "All found" of fewer is not what the README says.
if (told.leftOut.length > 0)
  throw new Error(`not kept, as it was not tried whole: ${told.leftOut.join(", ")}`);
const kept = { at: new Date().toISOString(), random: Number(values.random), ...told };
writeFileSync(join(import.meta.dirname, "results/challenge.json"), `${JSON.stringify(kept, null, 2)}\n`);
process.exitCode = ran.status ?? 1;
