/** The figures of a run as a table for people and as a file for machines. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { psql } from "../test/support/postgres-server.ts";
import type { BenchDatabase } from "./bench-database.ts";
import { type Machine, thisMachine } from "./machine.ts";
import type { Measurement } from "./measure.ts";

export interface Figure extends Measurement {
  readonly step: string;
  readonly who: string;
}

export interface Results {
  readonly at: string;
  readonly machine: Machine;
  readonly scale: number;
  /** Of how many rounds the figures are medians. */
  readonly rounds: number;
  readonly databaseBytes: number;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** The figures of a run on that database, and what they were measured on. */
export async function resultsOf(
  { server, binFolder }: BenchDatabase,
  {
    scale,
    rounds = 1,
    figures,
    notes,
  }: Pick<Results, "scale" | "figures" | "notes"> & Partial<Pick<Results, "rounds">>,
): Promise<Results> {
  return {
    at: new Date().toISOString(),
    machine: thisMachine(binFolder),
    scale,
    rounds,
    databaseBytes: Number(await psql(server, "postgres", "select pg_database_size('bench')")),
    figures,
    notes,
  };
}

/** Of several rounds, which took the same steps in the same order, the median of each figure by itself; of an even number the higher one of the middle. */
export function medians(rounds: readonly (readonly Figure[])[]): Figure[] {
  const [first = []] = rounds;
  return first.map(({ step, who }, index) => {
    const median = (name: keyof Measurement): number =>
      rounds.map((figures) => figures[index]?.[name] ?? 0).toSorted((a, b) => a - b)[rounds.length >> 1] ?? 0;
    const isThereEarlier = first[index]?.untilThereSeconds !== undefined;
    return {
      step,
      who,
      seconds: median("seconds"),
      cpuSeconds: median("cpuSeconds"),
      peakBytes: median("peakBytes"),
      writtenBytes: median("writtenBytes"),
      writtenObjects: median("writtenObjects"),
      ...(isThereEarlier ? { untilThereSeconds: median("untilThereSeconds") } : {}),
    };
  });
}

/** Ratios are holdfast's figure divided by the other's: below 1 holdfast took less. */
export function tableOf(results: Results, us = "holdfast"): string {
  const table = new Table({
    head: ["step", "who", "wall s", "CPU s", "peak MB", "MB written", "objects", `wall of ${us} ÷`],
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const figure of results.figures) {
    const ours = results.figures.find((one) => one.step === figure.step && one.who === us);
    table.push([
      figure.step,
      figure.who,
      figure.seconds.toFixed(1),
      figure.cpuSeconds.toFixed(1),
      megabytes(figure.peakBytes),
      megabytes(figure.writtenBytes),
      String(figure.writtenObjects),
      ours === undefined || ours === figure ? "" : (ours.seconds / figure.seconds).toFixed(2),
    ]);
    const { untilThereSeconds } = figure;
    if (untilThereSeconds !== undefined)
      table.push([untilThere(figure.step), figure.who, untilThereSeconds.toFixed(1), "", "", "", "", ""]);
  }
  return `${table.toString()}\n${results.notes.join("\n")}\n`;
}

/** The step of the row that says when what a command was run for was there. */
export function untilThere(step: string): string {
  return `${step}, until all can be used`;
}

/** Writes `bench/results/<name>.json` and returns its path. */
export function keep(results: Results, name: string): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
