/** The daemon: hands out what is due, works the queues its host may work, and stops without losing anything. */
import { Failure, isFailure } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { openQueue } from "../catalog/open-queue.ts";
import type { JobQueue } from "../catalog/queue.ts";
import type { Config } from "../config/config.ts";
import type { Machine } from "../desk/machine.ts";
import { fleetCounts } from "../desk/fleet-counts.ts";
import { openCatalog } from "../desk/open-catalog.ts";
import type { Log } from "../telemetry/log.ts";
import { serveHttp } from "../telemetry/serve-http.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { watchCatalog } from "./catalog-watch.ts";
import { drain } from "./drain.ts";
import { openHousehold } from "./household.ts";
import type { Pace } from "./pace.ts";
import { keepRounds, type Rounds } from "./rounds.ts";
import type { Shop } from "./shop.ts";
import { hireWorkers } from "./workers.ts";

export interface DaemonParts {
  readonly config: Config;
  readonly machine: Machine;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly pace: Pace;
  /** Called with what makes the daemon look at its configuration at once; gives back how to be left alone. */
  readonly onReload: (reload: () => void) => Disposable;
  /** Once it answers, with where: `http://127.0.0.1:9750`. */
  readonly onListening?: (address: string) => void;
}

export interface DaemonEnd {
  /** Jobs that came to an end here, well or not. */
  readonly jobs: number;
  /** Jobs that ran out of time while stopping, and are in the queue again. */
  readonly putBack: number;
}

/**
 * Runs until the wait ends; then takes no more work, lets running jobs end within
 * `daemon.shutdownTimeout`, and puts the others back. Throws "catalog/newer", "config/invalid" and what
 * else would be no better in a minute; a catalog that does not answer is waited for.
 */
export async function runDaemon(parts: DaemonParts, wait: Waiting): Promise<DaemonEnd> {
  const { config, machine, telemetry, log, pace } = parts;
  const { tell } = telemetry;
  // What runs outlasts the signal to stop, hence a wait of its own.
  const over = new AbortController();
  const work: Waiting = { signal: over.signal };
  const readiness: { reasons: () => readonly string[] } = { reasons: () => ["the catalog is not open yet"] };
  await using household = await openHousehold(
    { config, machine, onRequest: telemetry.onStoreRequest, log },
    work,
  );
  // However this ends: a job that nobody ends holds what the household is to close.
  using _ = { [Symbol.dispose]: () => over.abort(new Failure("wait/cancelled", "the daemon stops")) };
  const rounds: { kept?: Rounds } = {};
  await using http = await serveHttp(
    {
      listen: config.daemon.listen,
      render: (bound) => telemetry.render(bound),
      ready: () => Promise.resolve(wait.signal.aborted ? ["the daemon is stopping"] : readiness.reasons()),
      healthy: () => rounds.kept?.stuck() ?? [],
    },
    work,
  );
  parts.onListening?.(http.address);
  log.info("daemon began", { listen: http.address, tenants: household.current().tenants.size });
  tell({ kind: "configuration", result: "loaded", detail: "at start" });
  tell({ kind: "stores", inUse: [...config.stores.keys()] });
  const onTrouble: OnTrouble = (what, error) => {
    // A catalog that is away is told of by its watch; here each heartbeat and each look for jobs would do it again.
    log[isFailure(error, "catalog/unreachable") ? "debug" : "warn"](what, { error });
  };
  const opened = await openBoth(parts, onTrouble, wait);
  if (opened === null) return { jobs: 0, putBack: 0 };
  await using catalog = opened.catalog;
  await using queue = opened.queue;
  const catalogWatch = watchCatalog({ tell, log });
  telemetry.setFleet((bound) => catalog.index.health(bound));
  telemetry.setCounts((bound) => fleetCounts(catalog, bound));
  telemetry.setQueues((bound) => queue.counts(bound));
  const shop: Shop = { machine, household, catalog, queue, log, tell, pace };
  const workers = hireWorkers(shop, work);
  rounds.kept = keepRounds({ shop, workers, catalogWatch, onReload: parts.onReload }, wait);
  readiness.reasons = () =>
    catalogWatch.up() ? (rounds.kept?.failing() ?? []) : ["the catalog does not answer"];
  await rounds.kept.ended;
  log.info("daemon stops", { running: workers.running() });
  await drain(workers, { limitMs: household.current().config.daemon.shutdownTimeoutMs, over, log });
  log.info("daemon ended", { jobs: workers.counts.ended, putBack: workers.counts.putBack });
  return { jobs: workers.counts.ended, putBack: workers.counts.putBack };
}

type OnTrouble = (what: string, failure: Failure) => void;

interface Opened {
  readonly catalog: Catalog;
  readonly queue: JobQueue;
}

/** Null when the wait ended before the catalog answered. */
async function openBoth(
  { config, machine, telemetry, log, pace }: DaemonParts,
  onTrouble: OnTrouble,
  wait: Waiting,
): Promise<Opened | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openOnce({ config, machine, pace }, onTrouble, wait);
    } catch (error) {
      if (wait.signal.aborted) return null;
      if (!isFailure(error, "catalog/unreachable")) throw error;
      telemetry.tell({ kind: "catalog", up: false });
      if (attempt === 1) log.error("catalog does not answer, waiting for it", { error });
      await pause(pace.catalogRetryMs, wait).catch(() => undefined);
      if (wait.signal.aborted) return null;
    }
  }
}

async function openOnce(
  { config, machine, pace }: Pick<DaemonParts, "config" | "machine" | "pace">,
  onTrouble: OnTrouble,
  wait: Waiting,
): Promise<Opened | null> {
  const catalog = await openCatalog(
    config,
    machine,
    {
      mode: "start",
      older: "migrate",
      onTrouble: (failure) => {
        onTrouble("the embedded catalog does not start again", failure);
      },
    },
    wait,
  );
  if (catalog === null) return null;
  try {
    const { heartbeatMs, pollMs, firstRetryMs } = pace;
    const { hostName, monotonicMs } = machine;
    const { connection } = catalog;
    const settings = { connection, hostName, heartbeatMs, pollMs, firstRetryMs, monotonicMs };
    const told = (failure: Failure): void => {
      onTrouble("queue met trouble", failure);
    };
    return { catalog, queue: await openQueue({ ...settings, onTrouble: told, mode: "work" }, wait) };
  } catch (error) {
    await catalog[Symbol.asyncDispose]();
    throw error;
  }
}
