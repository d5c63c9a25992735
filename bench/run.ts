/**
 * `npm run bench -- [--scale 4] [--rounds 3] [--only holdfast]`: Holdfast beside a floor and its peers, all in one
 * run on one server. First backup, another of the same, a day's work, second backup, verify, restore; in each round
 * anew, and of all rounds the median counts, since machines have slow minutes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createDatabase, psql } from "../test/support/postgres-server.ts";
import { startBenchDatabase, workOneDay, type BenchDatabase } from "./bench-database.ts";
import type { Contender } from "./contender.ts";
import { floor } from "./floor.ts";
import { holdfast } from "./holdfast.ts";
import { measure, type Command } from "./measure.ts";
import { pipePeer } from "./peer-pipe.ts";
import { resticPeer } from "./peer-restic.ts";
import { keep, medians, resultsOf, tableOf, type Figure } from "./report.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "4" },
    rounds: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
  },
});
const scale = Number(values.scale);
const rounds = Number(values.rounds);
const floorName = "floor (read and throw away)";
const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
try {
  say(`making the bench database at scale ${String(scale)}`);
  await using database = await startBenchDatabase(scale);
  // Once unmeasured, so that nobody is the first to read from the disk.
  await measure(await floor(database));
  const taken: Figure[][] = [];
  let notes: readonly string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${String(round)} of ${String(rounds)}`);
    const own = join(folder, String(round));
    const contenders = [pipePeer(database, own), resticPeer(database, own), holdfast(database, own)].filter(
      (contender) => values.only === undefined || values.only.includes(contender.name),
    );
    taken.push(await everyStep(database, contenders, round));
    notes = contenders.map(({ name, note }) => `${name}: ${note}.`);
  }
  const results = await resultsOf(database, {
    scale,
    rounds,
    figures: medians(taken),
    notes: [
      "Memory is the largest sum of PSS over the processes of a tool, PostgreSQL servers left out; CPU likewise.",
      ...notes,
    ],
  });
  process.stdout.write(tableOf(results));
  say(`kept in ${keep(results, `scale-${String(scale)}`)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function everyStep(
  database: BenchDatabase,
  contenders: readonly Contender[],
  day: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  const take = async (step: string, who: string, command: Command): Promise<void> => {
    figures.push({ step, who, ...(await measure(command)) });
    say(`${step}: ${who} took ${figures.at(-1)?.seconds.toFixed(1) ?? ""} s`);
  };
  const reading = await floor(database);
  await take("first backup", floorName, reading);
  for (const contender of contenders) await contender.prepare();
  for (const contender of contenders) await take("first backup", contender.name, contender.backup());
  await take("backup with nothing changed", floorName, reading);
  for (const contender of contenders)
    await take("backup with nothing changed", contender.name, contender.backup());
  await workOneDay(database, scale, day);
  await take("second backup", floorName, reading);
  for (const contender of contenders) await take("second backup", contender.name, contender.backup());
  for (const contender of contenders) {
    const command = contender.verify();
    if (command !== null) await take("verify one copy", contender.name, command);
  }
  for (const [index, contender] of contenders.entries()) {
    const target = `restored_${String(index)}`;
    if (!contender.createsTarget) await createDatabase(database.server, target);
    await take("restore", contender.name, contender.restore(target));
    await insistOnRows(database, target);
    await psql(database.server, "postgres", `drop database ${target}`);
  }
  return figures;
}

/** A restore that brought nothing would be the fastest. */
async function insistOnRows(database: BenchDatabase, target: string): Promise<void> {
  const counting =
    "select (select count(*) from ledger.entry), (select count(*) from sales.invoice_line), (select sum(credit_limit) from sales.customer)";
  const was = await psql(database.server, database.name, counting);
  const is = await psql(database.server, target, counting);
  if (was !== is) throw new Error(`the restore of ${target} brought ${is}, not ${was}`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
