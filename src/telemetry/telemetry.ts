import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantHealth } from "../model/health.ts";
import { familyOfGauge, type MetricFamily, registryFamilies } from "./as-data.ts";
import type { Tell } from "./event.ts";
import { type Family, gaugesText } from "./exposition.ts";
import { countFamilies, type FleetCounts } from "./fleet-counts.ts";
import { fleetFamilies, type PerTenant } from "./fleet-families.ts";
import { type QueueCount, queueFamily } from "./queue-metrics.ts";
import { remember, type Remembered } from "./remembered.ts";
import { runMetrics } from "./run-metrics.ts";
import { snapshotMetrics } from "./snapshot-metrics.ts";
import { stateMetrics } from "./state-metrics.ts";
import { type StoreRequest, storeMetrics } from "./store-metrics.ts";

export interface TelemetryOptions {
  readonly version: string;
  /** Which tenants get series of their own. */
  readonly perTenant: PerTenant;
  readonly clock: Clock;
  /** Also memory, CPU time and event loop of this process; not for one that ends with its scrape. */
  readonly process?: boolean;
}

export interface Telemetry {
  /** Counts what happened. */
  readonly tell: Tell;
  readonly onStoreRequest: (request: StoreRequest) => void;
  /**
   * Who knows how the tenants stand; asked when a scrape comes. Of a reading that fails a scrape shows
   * `holdfast_catalog_up` 0 (where it is the catalog that is read) and the tenants as they were last
   * known, with ages that go on growing: an alert that fired is not to end because nobody can look.
   */
  setFleet(read: (wait: Waiting) => Promise<readonly TenantHealth[]>, from?: "catalog" | "stores"): void;
  /** Who knows how many tenants are gone, or pruned no more; asked when a scrape comes. */
  setCounts(read: (wait: Waiting) => Promise<FleetCounts>): void;
  /** Who knows how many jobs there are; asked when a scrape comes. */
  setQueues(read: (wait: Waiting) => Promise<readonly QueueCount[]>): void;
  /** One scrape, in the text format of Prometheus. Never rejects for what could not be read. */
  render(wait: Waiting): Promise<string>;
  /** The same as data. */
  families(wait: Waiting): Promise<readonly MetricFamily[]>;
}

/** Several scrapers, and a person beside them, make one query. */
const freshMs = 5000;
/** Prometheus waits ten seconds for a scrape. */
const limitMs = 5000;

type Reader<T> = (wait: Waiting) => Promise<Remembered<T>>;

/** A registry of its own: two in one process share nothing. */
export function createTelemetry({ version, perTenant, clock, process }: TelemetryOptions): Telemetry {
  const registry = new Registry();
  new Gauge({
    name: "holdfast_build_info",
    help: "The version of Holdfast that answers, and which tenants it shows.",
    labelNames: ["version", "node", "per_tenant"],
    registers: [registry],
  }).set({ version, node: globalThis.process.version, per_tenant: perTenant }, 1);
  const run = runMetrics(registry, clock);
  const state = stateMetrics(registry, clock);
  const snapshots = snapshotMetrics(registry, clock);
  const stores = storeMetrics(registry);
  if (process === true) processMetrics(registry);
  const tell: Tell = (event) => {
    run(event);
    snapshots(event);
    state(event);
    if (event.kind === "stores") stores.keepOnly(event.inUse);
  };
  const options = { clock, freshMs, limitMs };
  let fleet: { readonly read: Reader<readonly TenantHealth[]>; readonly from: "catalog" | "stores" } | null =
    null;
  let counts: Reader<FleetCounts> | null = null;
  let queues: Reader<readonly QueueCount[]> | null = null;

  /** What is read when a scrape comes; before the registry is, whose gauge tells how that went. */
  async function asked(wait: Waiting): Promise<readonly Family[]> {
    const [health, counted, jobs] = await Promise.all([fleet?.read(wait), counts?.(wait), queues?.(wait)]);
    if (health !== undefined && fleet?.from === "catalog") tell({ kind: "catalog", up: health.fresh });
    return [
      ...(health === undefined ? [] : readAtFamilies(health)),
      ...fleetFamilies(health?.value ?? null, { perTenant, now: clock.now() }),
      ...countFamilies(counted?.value ?? null),
      queueFamily(jobs?.value ?? []),
      pendingErasures,
    ];
  }

  return {
    tell,
    onStoreRequest: stores.onRequest,
    setFleet: (read, from = "catalog") => {
      fleet = { read: remember(read, options), from };
    },
    setCounts: (read) => {
      counts = remember(read, options);
    },
    setQueues: (read) => {
      queues = remember(read, options);
    },
    render: async (wait) => {
      const gauges = await asked(wait);
      return `${await registry.metrics()}${gaugesText(gauges)}`;
    },
    families: async (wait) => {
      const gauges = await asked(wait);
      return [...(await registryFamilies(registry)), ...gauges.map(familyOfGauge)];
    },
  };
}

function readAtFamilies({ readAt }: Remembered<unknown>): Family[] {
  return [
    {
      name: "holdfast_fleet_read_timestamp_seconds",
      help: "When it was last read how the tenants stand.",
      samples: readAt === null ? [] : [[[], readAt.getTime() / 1000]],
    },
  ];
}

/** Named by the design; nothing is erased yet, so none waits. */
const pendingErasures: Family = {
  name: "holdfast_erasure_pending_seconds",
  help: "How long an erasure that was asked for has been waiting.",
  samples: [],
};

/** The library's own, save the two that break the rule that only counters end with `_total`. */
function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of [
    "nodejs_active_handles_total",
    "nodejs_active_requests_total",
    "nodejs_active_resources_total",
  ]) {
    registry.removeSingleMetric(name);
  }
}
