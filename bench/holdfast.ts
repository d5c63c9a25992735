/** Holdfast itself, measured as a user runs it: the program as it is installed, one process for each step. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { BenchDatabase } from "./bench-database.ts";
import { type Contender, zstdLevelDefault } from "./contender.ts";
import type { Command } from "./measure.ts";
import { installedIn, started } from "./program.ts";

/** One that says nothing of sealing. */
const plan = "standard";

interface HoldfastOptions {
  /** Another file than the one that the bench itself runs on. */
  readonly runtime?: string;
  /** Of zstd, as the tenant's plan says it. */
  readonly level?: number;
}

export function holdfast(
  database: BenchDatabase,
  folder: string,
  { runtime = process.execPath, level = zstdLevelDefault }: HoldfastOptions = {},
): Contender {
  const home = join(folder, "holdfast");
  const environment = {
    NODE: runtime,
    CONFIG: join(home, "holdfast.yaml"),
    HOLDFAST_SOURCE_URL: database.url("postgres"),
  };
  const stores = ["one", "two"].map((name) => join(home, "stores", name));
  const command = (words: string, more: Readonly<Record<string, string>> = {}): Command => ({
    script: started(installedIn(folder), words),
    environment: { ...environment, ...more },
    writesInto: stores,
  });
  return {
    name: "holdfast",
    note: "the program as it is installed, starting anew for each step, into two directory stores; verify restores one copy into a scratch server and compares it, restore compares again after loading",
    createsTarget: true,
    async prepare() {
      mkdirSync(home, { recursive: true });
      const words = ["init", home, "--tenant", database.name, "--plan", plan];
      execFileSync(process.execPath, [installedIn(folder), ...words], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "ignore", "inherit"],
      });
      appendFileSync(join(home, "plans", `${plan}.yaml`), `sealing:\n  zstdLevel: ${String(level)}\n`);
    },
    backup: () => command(`backup ${database.name}`),
    restore: (target) => ({
      ...command(`restore ${database.name} --to "$TARGET" --json`, { TARGET: database.url(target) }),
      secondsAfter: comparisonSeconds,
    }),
    verify: () => command(`verify ${database.name} --backup latest --store one`),
  };
}

/** How long a restore compared after it had loaded, as it tells itself. */
function comparisonSeconds(printed: string): number {
  const { seconds, loadedSeconds } = restoreShape.parse(JSON.parse(printed));
  return seconds - loadedSeconds;
}

const restoreShape = z.object({ seconds: z.number(), loadedSeconds: z.number() });
