/**
 * `npm run bench:memory -- [--scales 10,40] [--value 500]`: the peak memory of backup, verify and restore for
 * databases of about 1 GB and 4 GB, and for a small one with one value of so many MB. It must stay under 300 MB
 * for all alike.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { psql } from "../test/support/postgres-server.ts";
import { startBenchDatabase, type BenchDatabase } from "./bench-database.ts";
import { holdfast } from "./holdfast.ts";
import { thisMachine } from "./machine.ts";
import { measure, type Command } from "./measure.ts";
import { ownRuntime } from "./program.ts";
import { keep, tableOf, type Figure } from "./report.ts";

const peakBytesMax = 300_000_000;
const { values } = parseArgs({
  options: { scales: { type: "string", default: "10,40" }, value: { type: "string", default: "500" } },
});

const valueMegabytes = Number(values.value);
for (const scale of values.scales.split(",").filter((one) => one !== ""))
  await judge(`memory-scale-${scale}`, Number(scale), async () => {});
if (valueMegabytes > 0)
  await judge(`memory-value-${values.value}`, 1, (database) => addValue(database, valueMegabytes));

/**
 * One value of text, and one of bytea of half the size, as COPY spells each of its bytes with two digits and
 * PostgreSQL takes no row of more than a gigabyte. Not compressed, hence as it stands in memory.
 */
async function addValue(database: BenchDatabase, megabytes: number): Promise<void> {
  const digests = `pg_catalog.generate_series(1, ${String(Math.ceil((megabytes * 1e6) / 128))}) i`;
  const digest = "pg_catalog.sha512(i::text::bytea)";
  const wait = { signal: AbortSignal.timeout(900_000) };
  const sql = `create table public.one_value (id int primary key, doc text, bin bytea);
    alter table public.one_value alter doc set storage external, alter bin set storage external;
    insert into public.one_value select 1, string_agg(encode(${digest}, 'hex'), ''), null from ${digests};
    insert into public.one_value select 2, null, string_agg(${digest}, '') from ${digests};`;
  await psql(database.server, database.name, sql, wait);
}

async function judge(
  name: string,
  scale: number,
  prepare: (database: BenchDatabase) => Promise<void>,
): Promise<void> {
  const figures = await measureSteps(name, scale, prepare);
  const worst = Math.max(...figures.map((figure) => figure.peakBytes));
  process.stderr.write(`${name}: at most ${String(Math.round(worst / 1e6))} MB\n`);
  if (worst > peakBytesMax) process.exitCode = 1;
}

async function measureSteps(
  name: string,
  scale: number,
  prepare: (database: BenchDatabase) => Promise<void>,
): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  try {
    await using database = await startBenchDatabase(scale);
    await prepare(database);
    const contender = holdfast(database, folder, { runtime: ownRuntime(folder) });
    await contender.prepare();
    const steps: readonly (readonly [string, Command | null])[] = [
      ["backup", contender.backup()],
      ["verify one copy", contender.verify()],
      ["restore", contender.restore("restored")],
    ];
    const figures: Figure[] = [];
    const about = {
      machine: thisMachine(database.binFolder),
      scale,
      rounds: 1,
      databaseBytes: Number(await psql(database.server, "postgres", "select pg_database_size('bench')")),
      notes: [contender.note],
    };
    for (const [step, command] of steps) {
      if (command === null) continue;
      figures.push({ step, who: contender.name, ...(await measure(command)) });
      // Kept step by step: the last one ends long after the first.
      keep({ ...about, at: new Date().toISOString(), figures }, name);
    }
    process.stdout.write(tableOf({ ...about, at: new Date().toISOString(), figures }));
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
