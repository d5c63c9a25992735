/**
 * `npm run bench:latency -- [--scale 2] [--round-trip 100]`: what a round trip to two S3 stores costs a first
 * backup, one with nothing new, and a restore. The same without the delay goes through the same lines.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { psql } from "../test/support/postgres-server.ts";
import { startS3Server } from "../test/support/s3-server.ts";
import { startBenchDatabase } from "./bench-database.ts";
import { farStores } from "./far-stores.ts";
import { measure } from "./measure.ts";
import { keep, resultsOf, tableOf, type Figure } from "./report.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "2" },
    "round-trip": { type: "string", default: "100" },
  },
});
const scale = Number(values.scale);
const far = Number(values["round-trip"]);
const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
try {
  await using server = await startS3Server();
  await using database = await startBenchDatabase(scale);
  const figures: Figure[] = [];
  for (const roundTripMs of [0, far]) {
    await using stores = await farStores(database, server, { folder, roundTripMs });
    const target = `restored_${String(roundTripMs)}`;
    const steps = [
      ["first backup", `backup ${database.name}`],
      ["backup with nothing changed", `backup ${database.name}`],
      ["restore", `restore ${database.name} --allow-unproven --reason bench --to "${database.url(target)}"`],
    ] as const;
    for (const [step, words] of steps) {
      figures.push({
        step,
        who: `${String(roundTripMs)} ms away`,
        ...(await measure(stores.command(words))),
      });
      process.stderr.write(
        `${step}, ${String(roundTripMs)} ms: ${figures.at(-1)?.seconds.toFixed(1) ?? ""} s\n`,
      );
    }
    await psql(database.server, "postgres", `drop database ${target}`);
  }
  const results = await resultsOf(database, {
    scale,
    figures,
    notes: [
      "holdfast: the program as it is installed, starting anew for each step.",
      `Two S3 stores on this machine (${server.kind}), each behind a line whose round trip is 0 or ${String(far)} ms; a new connection takes one more.`,
    ],
  });
  process.stdout.write(tableOf(results, `${String(far)} ms away`));
  keep(results, "latency");
} finally {
  await rm(folder, { recursive: true, force: true });
}
