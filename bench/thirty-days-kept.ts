/** Where the figures of thirty days lie, and the chart that is drawn from them. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { keptResult } from "./markdown.ts";
import { thirtyDaysChart } from "./thirty-days-chart.ts";
import { type ThirtyDays, thirtyDaysShape } from "./thirty-days-result.ts";

const name = "thirty-days";
export const chartFile = resolve(import.meta.dirname, "../docs/thirty-days.svg");

/** Throws when they were never kept. */
export function keptDays(): ThirtyDays {
  const kept = keptResult(name, thirtyDaysShape);
  if (kept === null) throw new Error("there are no figures of thirty days; `npm run bench:days` makes them");
  return kept;
}

export function keepDays(result: ThirtyDays): void {
  const file = join(import.meta.dirname, "results", `${name}.json`);
  // A line a day.
  const text = JSON.stringify(result).replaceAll('{"storedBytes"', '\n{"storedBytes"');
  writeFileSync(file, `${text}\n`);
  writeFileSync(chartFile, thirtyDaysChart(result));
}
