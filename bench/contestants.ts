/** Who backs up small tenants in turns, as lines for a shell, and what a turn took. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installed, runtimePath } from "../test/support/installed.ts";
import { environmentOf, urlOf } from "../test/support/postgres-server.ts";
import type { SmallTenants } from "./small-tenants.ts";

const atOnce = 2;

/** One more than there are cores, since each waits for the disk a good part of its time; pg_dump never does. */
export const holdfastAtOnce = 3;

export interface Attempt {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly writesInto: readonly string[];
}

export type Contestant = (names: readonly string[]) => Attempt;

export function pgDump({ server }: SmallTenants, folder: string, how: string): Contestant {
  const into = join(folder, `dumps ${how}`);
  mkdirSync(into);
  return (names) => ({
    script: `printf '%s\\n' $NAMES | xargs -P ${String(atOnce)} -I{} "$PGBIN/pg_dump" "$HOW" -f "$INTO/{}.dump" {}`,
    environment: {
      ...environmentOf(server, "postgres"),
      PGBIN: server.binFolder,
      INTO: into,
      HOW: how,
      NAMES: names.join(" "),
    },
    writesInto: [into],
  });
}

export async function holdfast({ server, names: all }: SmallTenants, folder: string): Promise<Contestant> {
  const main = installed(join(folder, "installed"));
  const home = join(folder, "holdfast");
  // By its first line, as whoever installed it starts it.
  const environment = { HOLDFAST_SOURCE_URL: urlOf(server, "postgres"), PATH: runtimePath };
  const tenants = all.flatMap((name) => ["--tenant", name]);
  execFileSync(main, ["init", home, ...tenants], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const config = join(home, "holdfast.yaml");
  const text = readFileSync(config, "utf8");
  writeFileSync(config, text.replace("maxConcurrent: 2", `maxConcurrent: ${String(holdfastAtOnce)}`));
  return (names) => ({
    script: `"$MAIN" --config "$CONFIG" backup ${names.length === all.length ? "--all" : names.join(" ")} > "$SAID"`,
    environment: {
      ...environment,
      MAIN: main,
      CONFIG: config,
      SAID: join(folder, "said"),
    },
    writesInto: [join(home, "stores")],
  });
}

/** Of its sessions that have ended, and of itself. */
export function cpuOfServer({ server }: SmallTenants): number {
  const stat = readFileSync(`/proc/${String(server.pid)}/stat`, "utf8");
  const ticks = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15)
    .map(Number);
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

export interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export async function timed(
  script: string,
  environment: Readonly<Record<string, string>>,
  times: string,
): Promise<Timed> {
  const started = performance.now();
  const child = spawn("bash", ["-c", `set -e; ${script}; times > "$TIMES"`], {
    env: { ...process.env, ...environment, TIMES: times },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise<number | null>((done, reject) => {
    child.on("error", reject);
    child.on("close", done);
  });
  if (code !== 0) throw new Error(`ended with ${String(code)}: ${script}`);
  const seconds = (performance.now() - started) / 1000;
  // The shell's own user and system time, then those of what it ran, as 1m2.345s.
  const spent = Array.from(readFileSync(times, "utf8").matchAll(/(\d+)m([\d.]+)s/g));
  const cpuSeconds = spent.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
  return { seconds, cpuSeconds };
}
