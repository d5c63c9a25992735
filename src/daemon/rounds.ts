/** All that the daemon does again and again while it runs. */
import { isFailure, reasonOf } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import type { EnqueueSlots } from "../catalog/catalog.ts";
import { probeStores } from "../desk/probe-stores.ts";
import { tenantTerms } from "../desk/tenant-terms.ts";
import type { Job } from "../model/job.ts";
import type { CatalogWatch } from "./catalog-watch.ts";
import { createPlanner } from "./plan-work.ts";
import { refreshStalest } from "./refresh-stalest.ts";
import { keepRhythm, type Rhythm } from "./rhythm.ts";
import { createScheduler } from "./scheduler.ts";
import type { Shop } from "./shop.ts";
import { stampOf } from "./watch-files.ts";
import type { Workers } from "./workers.ts";

export interface RoundsParts {
  readonly shop: Shop;
  readonly workers: Workers;
  readonly catalogWatch: CatalogWatch;
  readonly onReload: (reload: () => void) => Disposable;
}

export interface Rounds {
  /** Resolves once the wait has ended and nothing goes round any more. */
  readonly ended: Promise<void>;
  /** Why the process ought to be started anew; none: it goes round. */
  stuck(): readonly string[];
}

/** A beat reads the catalog within a minute or fails; one that does neither hangs. */
const stuckAfterMs = 600_000;
const probeEveryMs = 60_000;
const forgetEveryMs = 24 * 3_600_000;
const historyKeptMs = 400 * 86_400_000;

export function keepRounds({ shop, workers, catalogWatch, onReload }: RoundsParts, wait: Waiting): Rounds {
  const { machine, household, catalog, queue, log, tell, pace } = shop;
  let beatAtMs = machine.monotonicMs();
  const planner = createPlanner(shop);
  const scheduler = createScheduler({ catalog, enqueue: enqueueOf(shop), tell });
  const onFailure = (name: string, error: unknown): void => {
    // The first failure tells of an outage; each round of each hour of it would bury the rest.
    const isKnown = !catalogWatch.up() && isFailure(error, "catalog/unreachable");
    catalogWatch.failed(error);
    log[isKnown ? "debug" : "warn"]("round failed, the next one makes up for it", { round: name, error });
  };
  const daemon = (): ReturnType<typeof household.current>["config"]["daemon"] =>
    household.current().config.daemon;
  const beat: Rhythm = {
    name: "beat",
    everyMs: () => daemon().beatMs,
    onFailure,
    round: async () => {
      beatAtMs = machine.monotonicMs();
      await catalogWatch.tend(wait);
      const slots = await scheduler.beat(household.current().tenants.values(), wait);
      catalogWatch.answered();
      for (const { tenant, kind, at, key } of slots)
        log.info("slot handed out", { tenant, kind, at, slot: key });
      const now = await catalog.now(wait);
      tell({ kind: "beat", watermark: now, slots: slots.length });
      const aheadMs = machine.clock.now().getTime() - now.getTime();
      tell({ kind: "clock-skew", against: { kind: "catalog" }, aheadMs });
    },
  };
  const discover: Rhythm = {
    name: "discovery",
    everyMs: () => daemon().discoverEveryMs,
    onFailure,
    round: () => discoverTenants(shop, wait),
  };
  const plan: Rhythm = {
    name: "planning",
    everyMs: () => pace.planMs,
    onFailure,
    round: async () => {
      await planner.plan(household.current(), wait);
      await refreshStalest(shop, wait);
    },
  };
  const supervise: Rhythm = {
    name: "supervision",
    everyMs: () => pace.superviseMs,
    onFailure,
    round: () => queue.supervise(wait),
  };
  const probe: Rhythm = {
    name: "probing",
    everyMs: () => probeEveryMs,
    onFailure,
    round: async () => {
      using lease = household.lease();
      const down = await probeStores(lease.generation.desk, tell, wait);
      for (const { store, failure } of down) log.warn("store does not answer", { store, error: failure });
    },
  };
  const forget: Rhythm = {
    name: "forgetting",
    everyMs: () => forgetEveryMs,
    onFailure,
    round: async () => {
      await catalog.history.forget(new Date(machine.clock.now().getTime() - historyKeptMs), wait);
    },
  };
  const ended = Promise.all([
    workers.arrange(),
    watchConfiguration(shop, { workers, onReload }, wait),
    ...[beat, discover, plan, supervise, probe, forget].map((one) => keepRhythm(one, wait)),
  ]);
  return {
    ended: ended.then(() => undefined),
    stuck: () => {
      const quietMs = machine.monotonicMs() - beatAtMs;
      return quietMs > Math.max(stuckAfterMs, 4 * daemon().beatMs) ? ["the scheduler does not beat"] : [];
    },
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

async function discoverTenants({ household, catalog, log }: Shop, wait: Waiting): Promise<void> {
  const found = await household.discover(wait);
  for (const tenant of found.came) log.info("tenant came", { tenant });
  for (const tenant of found.went) log.warn("tenant went", { tenant });
  for (const { source, database, reason } of found.refused)
    log.warn("database is no tenant", { source, database, reason });
  for (const { source, failure } of found.unreachable)
    log.warn("source could not be asked, its tenants stay", { source, error: failure });
  // Who is not known to be gone still stands as he stood.
  if (!household.isSure()) return;
  const choices = await catalog.choices.all(wait);
  const terms = Array.from(household.current().tenants.values(), (one) =>
    tenantTerms(one, choices.get(one.id) ?? null),
  );
  await catalog.index.setTenants(terms, wait);
}

/** Reloads when the files have changed and stand still, or at once when told to. */
async function watchConfiguration(
  shop: Shop,
  { workers, onReload }: Pick<RoundsParts, "workers" | "onReload">,
  wait: Waiting,
): Promise<void> {
  const { household, log, pace } = shop;
  let asked = Promise.withResolvers<"told">();
  using _ = onReload(() => asked.resolve("told"));
  // Nothing was looked at yet: what changed since the configuration was read at the start is seen as well.
  let tried = "";
  let seen = "";
  while (!wait.signal.aborted) {
    const looked = await Promise.race([
      asked.promise,
      pause(pace.watchMs, wait).then(
        () => "time" as const,
        () => "over" as const,
      ),
    ]);
    if (looked === "over") return;
    const now = await stampOf(household.current().config);
    const settled = now !== tried && now === seen;
    seen = now;
    if (looked === "time" && !settled) continue;
    asked = Promise.withResolvers();
    tried = now;
    await reload(shop, workers, wait).catch((error: unknown) => {
      log.error("configuration could not be taken over", { error });
    });
  }
}

async function reload(shop: Shop, workers: Workers, wait: Waiting): Promise<void> {
  const { household, log, tell } = shop;
  let changes: readonly string[];
  try {
    changes = await household.reload();
  } catch (error) {
    const detail = reasonOf(error);
    tell({ kind: "configuration", result: "refused", detail });
    log.error("configuration refused, the one before stays in force", { reason: detail });
    return;
  }
  tell({ kind: "configuration", result: "loaded", detail: changes.join(", ") });
  if (changes.length === 0) return;
  log.info("configuration loaded", { changes });
  const late = changes.filter((path) => /^(catalog|state|daemon\.listen|metrics)\b/.test(path));
  if (late.length > 0) log.warn("some changes take effect after a restart", { changes: late });
  // Workers that lose their places may be busy for hours; the next change must not wait for them.
  void workers.arrange().catch((error: unknown) => log.error("workers not arranged", { error }));
  await discoverTenants(shop, wait);
}
