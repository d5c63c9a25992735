/**
 * `npm run bench:fleet`: what a fleet costs, in four parts that keep their figures in `bench/results/`: the scheduler
 * with 10,000 tenants over a simulated week, the catalog with 2,000,000 copies in it, the pace of
 * 200 real small tenants beside `pg_dump`, and one of them alone. `-- schedule`, `-- catalog`, `-- pace` or
 * `-- small` runs one part.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const parts = {
  schedule: ["fleet-schedule.ts"],
  catalog: ["fleet-catalog.ts"],
  pace: ["fleet-pace.ts", "--keep"],
  small: ["small-tenant.ts", "--keep"],
} as const;

type Part = keyof typeof parts;

const asked = process.argv.slice(2);
const known = (name: string): name is Part => name in parts;
const all: readonly Part[] = ["schedule", "catalog", "pace", "small"];
const chosen = asked.length === 0 ? all : asked.filter(known);
if (!asked.every(known)) {
  throw new Error(`parts are ${all.join(", ")}, not ${asked.join(", ")}`);
}

let missed = false;
for (const part of chosen) {
  process.stdout.write(`\n${part}\n`);
  const [script, ...args] = parts[part];
  const code = await ended(
    spawn(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: "inherit" }),
  );
  missed ||= code !== 0;
}
// A part ends with 1 when it misses its goal; the others are measured all the same.
process.exitCode = missed ? 1 : 0;

async function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((done, reject) => {
    child.on("error", reject);
    child.on("close", done);
  });
}
