/**
 * `npm run bench:memory -- [--scales 10,40]`: the peak memory of backup, verify and restore for a
 * database of about 1 GB and one of about 4 GB. It must stay under 400 MB for both alike.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { psql } from "../test/support/postgres-server.ts";
import { startBenchDatabase } from "./bench-database.ts";
import { holdfast } from "./holdfast.ts";
import { thisMachine } from "./machine.ts";
import { measure, type Command } from "./measure.ts";
import { keep, tableOf, type Figure } from "./report.ts";

const peakBytesMax = 400_000_000;
const { values } = parseArgs({ options: { scales: { type: "string", default: "10,40" } } });

for (const scale of values.scales.split(",").map(Number)) {
  const figures = await measureScale(scale);
  const worst = Math.max(...figures.map((figure) => figure.peakBytes));
  process.stderr.write(`scale ${String(scale)}: at most ${String(Math.round(worst / 1e6))} MB\n`);
  if (worst > peakBytesMax) process.exitCode = 1;
}

async function measureScale(scale: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  try {
    await using database = await startBenchDatabase(scale);
    const contender = holdfast(database, folder);
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
      databaseBytes: Number(await psql(database.server, "postgres", "select pg_database_size('bench')")),
      notes: [contender.note],
    };
    for (const [step, command] of steps) {
      if (command === null) continue;
      figures.push({ step, who: contender.name, ...(await measure(command)) });
      // Kept step by step: the last one ends long after the first.
      keep({ ...about, at: new Date().toISOString(), figures }, `memory-scale-${String(scale)}`);
    }
    process.stdout.write(tableOf({ ...about, at: new Date().toISOString(), figures }));
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
