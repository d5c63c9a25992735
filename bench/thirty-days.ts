/**
 * `npm run bench:days`: thirty working days on the bench database, a backup each, kept by a plan's retention: what
 * lies in a store and what is asked of it day by day, beside a sealed pg_dump a day and beside restic. Keeps
 * `bench/results/thirty-days.json` and draws `docs/thirty-days.svg` from it; `-- --draw` only draws, and with
 * `-- --days 2` it prints what two days came to.
 */
import { mkdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { psql } from "../test/support/postgres-server.ts";
import { type BenchDatabase, startBenchDatabase, workOneDay } from "./bench-database.ts";
import { thisMachine } from "./machine.ts";
import { keepDays, keptDays } from "./thirty-days-kept.ts";
import { holdfastDays } from "./thirty-days-holdfast.ts";
import { pipeDays } from "./thirty-days-pipe.ts";
import { resticDays } from "./thirty-days-restic.ts";
import type { Contestant, Day, ThirtyDays } from "./thirty-days-result.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    days: { type: "string", default: "30" },
    plans: { type: "string", default: "enterprise,standard" },
    draw: { type: "boolean", default: false },
  },
});
const dayMs = 86_400_000;
/** A Monday, on which erp-day.sql begins as well. */
const firstDay = "2026-06-01";

const wholeRun = 30;
if (values.draw) keepDays(keptDays());
else {
  const result = await live(Number(values.scale), Number(values.days), values.plans.split(","));
  // A shorter run is a trial, and goes to whoever tries.
  if (Number(values.days) === wholeRun) keepDays(result);
  else process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

async function live(scale: number, days: number, plans: readonly string[]): Promise<ThirtyDays> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-days-"));
  // The user of scratch servers passes through.
  await chmod(folder, 0o711);
  try {
    say(`making the bench database at scale ${String(scale)}`);
    await using database = await startBenchDatabase(scale);
    await using stack = new AsyncDisposableStack();
    const dump = join(folder, "dump");
    const fields = await Promise.all(
      plans.map(async (plan) => fieldOf(plan, { database, folder, dump }, stack)),
    );
    const first = await sizeOf(database);
    for (let day = 0; day < days; day += 1) {
      if (day > 0) await workOneDay(database, scale, day);
      const at = new Date(Date.parse(`${firstDay}T01:30:00Z`) + day * dayMs);
      say(at.toISOString().slice(0, 10));
      await dumpInto(dump, database);
      await Promise.all(
        fields.map(async ({ contestants }) => {
          for (const { contestant, lived } of contestants) lived.push(await contestant.day(at));
        }),
      );
    }
    const [field] = fields;
    return {
      at: new Date().toISOString(),
      machine: thisMachine(database.binFolder),
      scale,
      databaseBytes: { first, last: await sizeOf(database) },
      firstDay,
      plans: fields.map(({ plan, keep, contestants }) => ({
        plan,
        keep,
        contestants: contestants.map(({ contestant, lived }) => ({ who: contestant.who, days: lived })),
      })),
      notes: field?.contestants.map(({ contestant }) => `${contestant.who}: ${contestant.note}.`) ?? [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Field extends Pick<ThirtyDays["plans"][number], "plan" | "keep"> {
  readonly contestants: readonly { readonly contestant: Contestant; readonly lived: Day[] }[];
}

interface Ground {
  readonly database: BenchDatabase;
  readonly folder: string;
  readonly dump: string;
}

/** All who live by the rule of one plan. */
async function fieldOf(
  plan: string,
  { database, folder, dump }: Ground,
  stack: AsyncDisposableStack,
): Promise<Field> {
  const own = join(folder, plan);
  mkdirSync(own);
  const holdfast = await holdfastDays(database, join(own, "holdfast"), plan);
  const { keep } = holdfast;
  const restic = stack.use(await resticDays(join(own, "restic"), dump, keep));
  const all = [holdfast, pipeDays(join(own, "pipe"), dump, keep), restic];
  return { plan, keep, contestants: all.map((contestant) => ({ contestant, lived: [] })) };
}

/** The state that all of them back up on that day: nobody works in between. */
async function dumpInto(dump: string, database: BenchDatabase): Promise<void> {
  await execa(join(database.binFolder, "pg_dump"), ["-Fc", "-Z0", "-f", dump], {
    env: database.environment(database.name),
  });
}

async function sizeOf(database: BenchDatabase): Promise<number> {
  return Number(await psql(database.server, "postgres", `select pg_database_size('${database.name}')`));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
