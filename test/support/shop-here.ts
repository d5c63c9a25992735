/** What every part of a daemon works with, over a home's catalog and stores, while no daemon runs. */
import { join, resolve } from "node:path";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { JobQueue } from "../../src/catalog/queue.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { openHousehold } from "../../src/daemon/household.ts";
import type { Shop } from "../../src/daemon/shop.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { createLog } from "../../src/telemetry/log.ts";
import type { DaemonHome } from "./daemon-home.ts";
import { fastPace } from "./fast-pace.ts";
import { testWait } from "./postgres-server.ts";

export interface ShopHere extends AsyncDisposable {
  readonly shop: Shop;
  /** Messages of the log. */
  readonly said: readonly string[];
}

export async function shopHere({ home, env, catalog }: DaemonHome, queue: JobQueue): Promise<ShopHere> {
  const machine: Machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: { ...process.env, ...env },
    cwd: home.folder,
    version: "0.0.0",
    packageFolder: resolve(import.meta.dirname, "../.."),
    hostName: "one",
    uid: process.getuid?.() ?? -1,
  };
  const said: string[] = [];
  const log = createLog({
    level: "debug",
    clock: systemClock,
    to: { write: (line: string) => said.push(String(JSON.parse(line).message)) },
    base: {},
  });
  const config = await loadConfig(join(home.folder, "holdfast.yaml"), machine.env);
  const household = await openHousehold({ config, machine, onRequest: () => undefined, log }, testWait());
  const tell = (): void => undefined;
  return {
    shop: { machine, household, catalog, queue, log, tell, pace: fastPace },
    said,
    [Symbol.asyncDispose]: () => household[Symbol.asyncDispose](),
  };
}
