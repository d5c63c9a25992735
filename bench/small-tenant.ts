/**
 * One small tenant alone, part of `npm run bench:fleet`: the whole command line of `holdfast backup` beside that of
 * `pg_dump -Fc`, by turns, each turn on a tenant of its own; and how often a backup asks each of its stores.
 * `--runs 7` says how often, `--keep` keeps the figures.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { backup } from "../src/backup/backup.ts";
import { systemChance } from "../src/base/chance.ts";
import { systemClock } from "../src/base/clock.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { backupDesk, backupOrder } from "../src/desk/backup-orders.ts";
import { openDesk } from "../src/desk/open-desk.ts";
import type { StoreEvent } from "../src/stores/observed.ts";
import { type Contestant, holdfast, pgDump, timed } from "./contestants.ts";
import { thisMachine } from "./machine.ts";
import { startSmallTenants } from "./small-tenants.ts";

interface Turn {
  readonly who: "pg_dump" | "holdfast";
  readonly again: boolean;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface Asked {
  /** Requests to each store, the mean of all; objects of chunks are one each. */
  readonly requests: number;
  readonly chunks: number;
}

/** Manifest, inventory and record. */
const documents = 3;
/** Of a tenant's first backup. */
const keyObjects = 3;

const { values } = parseArgs({
  options: { runs: { type: "string", default: "7" }, keep: { type: "boolean", default: false } },
});
const folder = await mkdtemp(join(tmpdir(), "holdfast-small-"));
try {
  const runs = Number(values.runs);
  await using fleet = await startSmallTenants(runs + 1);
  const contestants = { pg_dump: pgDump(fleet, folder, "-Fc"), holdfast: await holdfast(fleet, folder) };
  const home = join(folder, "holdfast");
  const { environment } = contestants.holdfast(fleet.names);
  const turns: Turn[] = [];
  const take = async (who: Turn["who"], names: readonly string[], again: boolean): Promise<void> => {
    const contestant: Contestant = contestants[who];
    const attempt = contestant(names);
    turns.push({ who, again, ...(await timed(attempt.script, attempt.environment, join(folder, "times"))) });
  };
  // Once unmeasured: the first session in a new database makes the server's file of its catalogs.
  const warming = pgDump(fleet, folder, "--schema-only")(fleet.names);
  await timed(warming.script, warming.environment, join(folder, "times"));
  for (const [run, name] of fleet.names.slice(0, runs).entries()) {
    for (const again of [false, true]) {
      const order = ["pg_dump", "holdfast"] as const;
      for (const who of run % 2 === 0 ? order : order.toReversed()) await take(who, [name], again);
    }
  }
  const last = fleet.names[runs] ?? "";
  const first = await asked(home, environment, last, documents + keyObjects);
  const second = await asked(home, environment, last, documents);
  const median = (who: Turn["who"], again: boolean, of: "seconds" | "cpuSeconds"): number => {
    const sorted = turns
      .filter((turn) => turn.who === who && turn.again === again)
      .map((turn) => turn[of])
      .toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const figures = [false, true].map((again) => ({
    what: again ? "backup again" : "first backup",
    pgDumpSeconds: median("pg_dump", again, "seconds"),
    holdfastSeconds: median("holdfast", again, "seconds"),
    ratio: median("holdfast", again, "seconds") / median("pg_dump", again, "seconds"),
    cpuRatio: median("holdfast", again, "cpuSeconds") / median("pg_dump", again, "cpuSeconds"),
    ...(again ? second : first),
  }));
  const result = {
    at: new Date().toISOString(),
    machine: thisMachine(fleet.server.binFolder),
    runs,
    tables: fleet.tables,
    bytes: fleet.bytes,
    figures,
  };
  for (const { what, ratio, cpuRatio, requests, chunks } of figures)
    process.stdout.write(
      `${what}: ${ratio.toFixed(2)} times the time of pg_dump, ${cpuRatio.toFixed(2)} times its CPU without the server's; ${String(requests)} requests to each store, ${String(chunks)} of them chunks\n`,
    );
  if (values.keep)
    writeFileSync(
      join(import.meta.dirname, "results", "small-tenant.json"),
      `${JSON.stringify(result, null, 2)}\n`,
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A backup in this process, where every request can be counted. */
async function asked(
  home: string,
  environment: Readonly<Record<string, string>>,
  name: string,
  writtenBeside: number,
): Promise<Asked> {
  const env = { ...process.env, ...environment };
  const wait = { signal: AbortSignal.timeout(60_000) };
  const config = await loadConfig(join(home, "holdfast.yaml"), env);
  const machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env,
    cwd: home,
    version: "0.0.0",
    packageFolder: dirname(import.meta.dirname),
    hostName: hostname(),
    uid: process.getuid?.() ?? -1,
  };
  const requests: StoreEvent[] = [];
  await using desk = await openDesk(config, machine, wait, { onRequest: (event) => requests.push(event) });
  const order = await backupOrder(desk, await desk.tenant(name));
  const ignored = (): void => undefined;
  const watch = {
    opened: ignored,
    reading: ignored,
    read: ignored,
    ended: ignored,
    startingAnew: ignored,
  };
  const { copies } = await backup(await backupDesk(desk, watch, ignored), order, "manual", wait);
  const stores = Object.keys(copies).length;
  const written = requests.filter(({ operation }) => operation === "create").length / stores;
  return { requests: requests.length / stores, chunks: written - writtenBeside };
}
