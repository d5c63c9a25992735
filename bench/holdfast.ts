/** Holdfast itself, measured as a user runs it: one process of the command line for each step. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BenchDatabase } from "./bench-database.ts";
import type { Contender } from "./contender.ts";
import type { Command } from "./measure.ts";

const main = resolve(import.meta.dirname, "../src/main.ts");

/** The settings that the first line of the program has it started with, wherever it is installed. */
const started = /^#!\/usr\/bin\/env -S (.*) node\n/.exec(readFileSync(main, "utf8"))?.[1] ?? "";

export function holdfast(database: BenchDatabase, folder: string): Contender {
  const home = join(folder, "holdfast");
  const environment = {
    NODE: process.execPath,
    MAIN: main,
    CONFIG: join(home, "holdfast.yaml"),
    HOLDFAST_SOURCE_URL: database.url("postgres"),
  };
  const stores = ["one", "two"].map((name) => join(home, "stores", name));
  const command = (words: string, more: Readonly<Record<string, string>> = {}): Command => ({
    script: `${started} "$NODE" "$MAIN" --config "$CONFIG" ${words}`,
    environment: { ...environment, ...more },
    writesInto: stores,
  });
  return {
    name: "holdfast",
    note: "the command line, starting anew for each step, into two directory stores; verify restores one copy into a scratch server and compares it, restore compares again after loading",
    createsTarget: true,
    async prepare() {
      mkdirSync(home, { recursive: true });
      execFileSync(process.execPath, [main, "init", home, "--tenant", database.name, "--plan", "standard"], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "ignore", "inherit"],
      });
    },
    backup: () => command(`backup ${database.name}`),
    restore: (target) => command(`restore ${database.name} --to "$TARGET"`, { TARGET: database.url(target) }),
    verify: () => command(`verify ${database.name} --backup latest --store one`),
  };
}
