/** What the figures of the README are made of: kept results, tables, and the machine in words. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const machineShape = z.object({
  cores: z.number(),
  cpu: z.string(),
  memoryGb: z.number(),
  kernel: z.string(),
  node: z.string(),
  programs: z.record(z.string(), z.string()),
});

/** Reads one file of `bench/results/`; null when it was never kept. */
export type Kept = <T>(name: string, shape: z.ZodType<T>) => T | null;

export const keptResult: Kept = (name, shape) => {
  const path = join(import.meta.dirname, "results", `${name}.json`);
  return existsSync(path) ? shape.parse(JSON.parse(readFileSync(path, "utf8"))) : null;
};

/** A table whose first `words` columns are words, and the others numbers. */
export function markdown(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  words: number,
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
  const aligned = head.map((_, column) => (column < words ? "---" : "---:"));
  return [line(head), line(aligned), ...rows.map(line)].join("\n");
}

export function machineOf(machine: z.infer<typeof machineShape>): string {
  const { cores, cpu, memoryGb, kernel, node, programs } = machine;
  const hardware = `${String(cores)} cores (${cpu}), ${String(memoryGb)} GB, Linux ${kernel}, Node ${node}`;
  const versions = Object.entries(programs).map(
    ([name, said]) => `${name} ${/\d+(?:\.\d+)+/.exec(said)?.[0] ?? said}`,
  );
  return [hardware, ...versions].join(", ");
}
