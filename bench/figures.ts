/** `npm run bench:readme`: puts the figures kept in `bench/results/` between the markers of the README. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { challengeFigures } from "./challenge-figures.ts";
import { fleetFigures } from "./fleet-figures.ts";
import { levelFigures } from "./level-figures.ts";
import { latencyFigures } from "./latency-figures.ts";
import { untilThere } from "./report.ts";
import { keptResult, machineOf, machineShape, markdown } from "./markdown.ts";
import { thirtyDaysFigures } from "./thirty-days-figures.ts";

const resultsFile = z.object({
  at: z.string(),
  machine: machineShape,
  scale: z.number(),
  rounds: z.number().default(1),
  databaseBytes: z.number(),
  figures: z.array(
    z.object({
      step: z.string(),
      who: z.string(),
      seconds: z.number(),
      cpuSeconds: z.number(),
      peakBytes: z.number(),
      writtenBytes: z.number(),
      writtenObjects: z.number(),
      untilThereSeconds: z.number().optional(),
    }),
  ),
  notes: z.array(z.string()),
});
type Results = z.infer<typeof resultsFile>;

const readme = resolve(import.meta.dirname, "../README.md");
const markers = { begin: "<!-- figures: begin -->", end: "<!-- figures: end -->" };
const us = "holdfast";

const kept = (name: string): Results | null => keptResult(name, resultsFile);

const parts = [
  comparison(kept("scale-8")),
  levelFigures(keptResult),
  memory([
    { results: kept("memory-scale-10"), remark: "" },
    { results: kept("memory-scale-40"), remark: "" },
    { results: kept("memory-scale-80"), remark: "" },
    { results: kept("memory-value-500"), remark: ", with one value of 500 MB" },
  ]),
  latencyFigures(keptResult),
  fleetFigures(keptResult),
  thirtyDaysFigures(keptResult),
  challengeFigures(keptResult),
];
const text = readFileSync(readme, "utf8");
const [before, rest] = text.split(markers.begin);
const after = rest?.split(markers.end)[1];
if (before === undefined || after === undefined) throw new Error("README.md has lost its markers of figures");
const body = parts.filter((part) => part !== null).join("\n\n");
writeFileSync(readme, `${before}${markers.begin}\n\n${body}\n\n${markers.end}${after}`);

function comparison(results: Results | null): string | null {
  if (results === null) return null;
  const { figures, notes } = results;
  const rows = figures.flatMap((figure) => {
    const ours = figures.find((one) => one.step === figure.step && one.who === us);
    const ratio = ours === undefined || ours === figure ? "" : (ours.seconds / figure.seconds).toFixed(2);
    const whole = [
      figure.step,
      figure.who,
      ratio,
      figure.seconds.toFixed(1),
      figure.cpuSeconds.toFixed(1),
      megabytes(figure.peakBytes),
      megabytes(figure.writtenBytes),
      String(figure.writtenObjects),
    ];
    const { untilThereSeconds: until } = figure;
    return until === undefined
      ? [whole]
      : [whole, [untilThere(figure.step), figure.who, "", until.toFixed(1), "", "", "", ""]];
  });
  const head = [
    "step",
    "who",
    "holdfast's wall ÷ this",
    "wall s",
    "CPU s",
    "peak MB",
    "MB written",
    "objects",
  ];
  const what = `Scale ${String(results.scale)}, a database of ${megabytes(results.databaseBytes)} MB with its indexes, ${dayOf(results)}, medians of ${String(results.rounds)} rounds, ${machineOf(results.machine)}.`;
  return [what, "", markdown(head, rows, 2), "", ...notes.map((note) => `- ${note}`)].join("\n");
}

interface Remembered {
  readonly results: Results | null;
  readonly remark: string;
}

function memory(all: readonly Remembered[]): string | null {
  const rows = all.flatMap(({ results, remark }) =>
    (results?.figures ?? []).map((figure) => [
      `${megabytes(results?.databaseBytes ?? 0)} MB${remark}`,
      figure.step,
      megabytes(figure.peakBytes),
      figure.seconds.toFixed(0),
      figure.cpuSeconds.toFixed(0),
    ]),
  );
  if (rows.length === 0) return null;
  const head = ["database with indexes", "step", "peak MB", "wall s", "CPU s"];
  return [
    "Peak memory of the process tree by size of the database (`npm run bench:memory`):",
    "",
    markdown(head, rows, 2),
  ].join("\n");
}

function dayOf({ at }: Results): string {
  return at.slice(0, 10);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
