/** All that the daemon does again and again while it runs. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { EnqueueSlots } from "../catalog/catalog.ts";
import type { DaemonConfig } from "../config/config.ts";
import { probeStores } from "../desk/probe-stores.ts";
import type { StoreName } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { createBeat } from "./beat.ts";
import type { CatalogWatch } from "./catalog-watch.ts";
import { discoverTenants } from "./discover-tenants.ts";
import { createPlanner } from "./plan-work.ts";
import { createRefresher } from "./refresh-stalest.ts";
import { keepRhythm, type Rhythm } from "./rhythm.ts";
import type { Shop } from "./shop.ts";
import { type ReloadParts, watchConfiguration } from "./watch-configuration.ts";

export interface RoundsParts extends ReloadParts {
  readonly shop: Shop;
  readonly catalogWatch: CatalogWatch;
}

export interface Rounds {
  /** Resolves once the wait has ended and nothing goes round any more. */
  readonly ended: Promise<void>;
  /** Why the process ought to be started anew; none: it goes round. */
  stuck(): readonly string[];
  /** Why nothing becomes due here; none: it does. */
  failing(): readonly string[];
}

const probeEveryMs = 60_000;
const forgetEveryMs = 24 * 3_600_000;
const historyKeptMs = 400 * 86_400_000;

/** One thing that is done again and again; what becomes of its failures is the same for all. */
type Round = Omit<Rhythm, "onFailure">;

export function keepRounds({ shop, workers, catalogWatch, onReload }: RoundsParts, wait: Waiting): Rounds {
  const { machine, household, catalog, queue, log, tell, pace } = shop;
  const daemon = (): DaemonConfig => household.current().config.daemon;
  const scheduling = createBeat({
    catalog,
    catalogWatch,
    enqueue: enqueueOf(shop),
    tenants: () => household.current().tenants.values(),
    everyMs: () => daemon().beatMs,
    clock: machine.clock,
    monotonicMs: machine.monotonicMs,
    tell,
    log,
  });
  const rounds: readonly Round[] = [
    { name: "beat", everyMs: () => daemon().beatMs, round: () => scheduling.round(wait) },
    // Hours of the day begin and end, places become free, and what the catalog could not bear is tried again.
    { name: "arranging", everyMs: () => pace.planMs, round: () => workers.arrange() },
    {
      name: "discovery",
      everyMs: () => daemon().discoverEveryMs,
      round: () => discoverTenants(shop, wait),
    },
    ...planningRounds(shop, wait),
    { name: "supervision", everyMs: () => pace.superviseMs, round: () => queue.supervise(wait) },
    { name: "forgetting", everyMs: () => forgetEveryMs, round: () => forgetHistory(shop, wait) },
  ];
  const onFailure = tellFailure(shop, catalogWatch);
  const ended = Promise.all([
    watchConfiguration(shop, { workers, onReload }, wait),
    ...rounds.map((one) => keepRhythm({ ...one, onFailure }, wait)),
  ]);
  return {
    ended: ended.then(() => undefined),
    stuck: scheduling.stuck,
    failing: scheduling.failing,
  };
}

/** Work is planned for the stores that answered when they were last probed. */
function planningRounds(shop: Shop, wait: Waiting): readonly Round[] {
  const { household, log, tell, pace } = shop;
  const planner = createPlanner(shop);
  const refresher = createRefresher(shop);
  let down: ReadonlySet<StoreName> = new Set();
  const plan = async (): Promise<void> => {
    await planner.plan(household.current(), down, wait);
    await refresher.refresh(wait);
  };
  const probe = async (): Promise<void> => {
    using lease = household.lease();
    const silent = await probeStores(lease.generation.desk, tell, wait);
    down = new Set(silent.map(({ store }) => store));
    for (const { store, failure } of silent) log.warn("store does not answer", { store, error: failure });
  };
  return [
    { name: "planning", everyMs: () => pace.planMs, round: plan },
    { name: "probing", everyMs: () => probeEveryMs, round: probe },
  ];
}

/** What is old the catalog's clock says; a host that is a year ahead would forget everything (trap 37). */
async function forgetHistory({ catalog }: Shop, wait: Waiting): Promise<void> {
  const now = await catalog.now(wait);
  await catalog.history.forget(new Date(now.getTime() - historyKeptMs), wait);
}

/** The first failure tells of an outage; each round of each hour of it would bury the rest. */
function tellFailure({ log }: Shop, catalogWatch: CatalogWatch): Rhythm["onFailure"] {
  return (name, error) => {
    const isKnown = !catalogWatch.up() && isFailure(error, "catalog/unreachable");
    catalogWatch.failed(error);
    log[isKnown ? "debug" : "warn"]("round failed, the next one makes up for it", { round: name, error });
  };
}

/** Slots become jobs in the transaction that hands them out. */
function enqueueOf({ household, queue }: Shop): EnqueueSlots {
  return async (slots, sql) => {
    const { tenants } = household.current();
    const jobs = slots.map(({ tenant, kind, key, at }) => {
      const job: Job = { queue: "backup", tenant, kind, slot: key, at };
      const source = tenants.get(tenant)?.source;
      return {
        job,
        source: source === undefined ? null : { name: source.name, places: source.maxConcurrent },
      };
    });
    await queue.add(jobs, { sql }, { signal: new AbortController().signal });
  };
}
