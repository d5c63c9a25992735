/**
 * `npm run bench:levels -- [--scale 8] [--level 3 …]`: a first backup beside the stock pipeline at several levels of
 * zstd, each level in a folder of its own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBenchDatabase } from "./bench-database.ts";
import { floor } from "./floor.ts";
import { holdfast } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { pipePeer } from "./peer-pipe.ts";
import { type Figure, keep, resultsOf, tableOf } from "./report.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "8" },
    level: { type: "string", multiple: true, default: ["1", "3", "6", "9", "12"] },
  },
});
const scale = Number(values.scale);
await using database = await startBenchDatabase(scale);
// Once unmeasured, so that nobody is the first to read from the disk.
await measure(await floor(database));
const figures: Figure[] = [];
for (const level of values.level.map(Number)) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  try {
    for (const contender of [pipePeer(database, folder, level), holdfast(database, folder, { level })]) {
      await contender.prepare();
      figures.push({
        step: `level ${String(level)}`,
        who: contender.name,
        ...(await measure(contender.backup())),
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
const notes = ["First backup into two directory stores; the pipeline writes two files."];
const results = await resultsOf(database, { scale, figures, notes });
process.stdout.write(tableOf(results));
keep(results, "levels");
