/**
 * The configuration in force, and all that was made of it. A reload makes a new generation; what runs
 * keeps the one it began with, which is closed when the last lease of it has ended.
 */
import type { Waiting } from "../base/waiting.ts";
import type { Config, Tenant } from "../config/config.ts";
import { matchDiscovered } from "../config/match-discovered.ts";
import { askSources } from "../desk/ask-sources.ts";
import type { Desk, SourcesAsked } from "../desk/desk.ts";
import type { Machine } from "../desk/machine.ts";
import { openMeans } from "../desk/means.ts";
import { openDesk } from "../desk/open-desk.ts";
import { type QueueRoles, queueRoles } from "../desk/roles.ts";
import type { TenantId } from "../model/ids.ts";
import type { StoreEvent } from "../stores/observed.ts";
import type { Log } from "../telemetry/log.ts";
import { configChanges } from "./config-changes.ts";
import { type Leasing, startLeasing } from "./leasing.ts";
import { type ReadConfig, readConfig, withSecrets } from "./read-config.ts";

export interface Generation {
  readonly config: Config;
  readonly desk: Desk;
  readonly roles: QueueRoles;
  /** Configured, and discovered when the sources were last asked. */
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
}

export interface Lease extends Disposable {
  readonly generation: Generation;
}

export interface Discovered {
  readonly came: readonly TenantId[];
  readonly went: readonly TenantId[];
  readonly refused: readonly {
    readonly source: string;
    readonly database: string;
    readonly reason: string;
  }[];
  readonly unreachable: readonly { readonly source: string; readonly failure: Error }[];
}

export interface Household extends AsyncDisposable {
  current(): Generation;
  /**
   * Whether every source that a rule of discovery names has answered since the rules came into force. Before
   * that a tenant that is not among ours may still be one.
   */
  isSure(): boolean;
  /** Keeps the generation in force open until it is disposed. */
  lease(): Lease;
  /**
   * Reads the configuration and puts it in force. What changed, all paths; null: nothing did, and what was in
   * force stays, unless `evenIfSame`. Throws "config/invalid" or "config/missing", and then too all stays as
   * it was.
   */
  reload(how: { readonly evenIfSame: boolean }): Promise<readonly string[] | null>;
  /** Asks the sources again. Tenants of a source that does not answer stay: silence is not absence. */
  discover(wait: Waiting): Promise<Discovered>;
}

interface Kept {
  generation: Generation;
  readonly read: ReadConfig;
  readonly leasing: Leasing;
}

/** A lease that is still held so long after everything was told to end is held by something that hangs. */
const lastLeaseMs = 15_000;

export interface HouseholdParts {
  readonly config: Config;
  readonly machine: Machine;
  readonly onRequest: (event: StoreEvent) => void;
  readonly log: Log;
  readonly lastLeaseMs?: number;
}

/**
 * `wait` is that of the work, which outlasts the signal to stop. Disposing waits for the leases, but not for
 * ever: who hangs loses his desk, so that the process can end.
 */
export async function openHousehold(parts: HouseholdParts, wait: Waiting): Promise<Household> {
  const { machine, onRequest, log } = parts;
  const means = openMeans(parts.config.limits, machine.clock);
  const prepare = async (read: ReadConfig): Promise<Omit<Generation, "tenants">> => {
    const { config } = read;
    // Asked first: a desk is to be closed again, and roles are not.
    const roles = await queueRoles(config);
    return { config, roles, desk: await openDesk(config, machine, wait, { onRequest, means }) };
  };
  const first = await withSecrets(parts.config);
  let now = settle(first, { ...(await prepare(first)), tenants: parts.config.tenants });
  let heard: ReadonlySet<string> = new Set();
  const leaving = watchLeaving(log);
  return {
    current: () => now.generation,
    isSure: () => now.generation.config.discover.every(({ source }) => heard.has(source.name)),
    lease: () => {
      const { generation, leasing } = now;
      const lease = leasing.lease();
      return { generation, [Symbol.dispose]: () => lease[Symbol.dispose]() };
    },
    reload: async ({ evenIfSame }) => {
      const read = await readConfig(now.generation.config.path, machine.env);
      const changes = configChanges(now.read, read);
      if (changes.length === 0 && !evenIfSame) return null;
      const made = await prepare(read);
      const old = now;
      means.limit(read.config.limits);
      const tenants = withKept(read.config, [...old.generation.tenants.values()]);
      now = settle(read, { ...made, tenants });
      heard = new Set();
      leaving.retire(old.leasing);
      return changes;
    },
    discover: async (asking) => {
      const before = now.generation;
      const asked = await askSources(before.config, asking);
      const { tenants, answered } = afterAsking(before, asked);
      // A reload meanwhile has its own rules; it is asked again with those.
      if (now.generation.config === before.config) {
        now.generation = { ...now.generation, tenants };
        heard = new Set([...heard, ...answered]);
      }
      return {
        came: [...tenants.keys()].filter((id) => !before.tenants.has(id)),
        went: [...before.tenants.keys()].filter((id) => !tenants.has(id)),
        refused: asked.refused,
        unreachable: asked.unreachable,
      };
    },
    [Symbol.asyncDispose]: async () => {
      leaving.retire(now.leasing);
      await leaving.ended(parts.lastLeaseMs ?? lastLeaseMs);
      await means[Symbol.asyncDispose]();
    },
  };
}

function settle(read: ReadConfig, generation: Generation): Kept {
  const { desk } = generation;
  return { generation, read, leasing: startLeasing(async () => desk[Symbol.asyncDispose]()) };
}

/** Generations that are out of force, until each is closed. */
interface Leaving {
  retire(old: Leasing): void;
  /** Evicts those that are still leased after `limitMs`. */
  ended(limitMs: number): Promise<void>;
}

function watchLeaving(log: Log): Leaving {
  const leaving = new Map<Leasing, Promise<void>>();
  return {
    retire: (old) => {
      const closed = old.retire().catch((error: unknown) => {
        log.error("what was made of a configuration could not be closed", { error });
      });
      leaving.set(old, closed);
      void closed.then(() => leaving.delete(old));
    },
    ended: async (limitMs) => {
      const timer = setTimeout(() => {
        log.error("work that hangs loses what it works with", { generations: leaving.size });
        for (const old of leaving.keys()) old.evict();
      }, limitMs);
      await Promise.all(leaving.values());
      clearTimeout(timer);
    },
  };
}

/** The tenants by what the sources said, and those that said something; of a silent one, its tenants from before. */
function afterAsking(
  { config, tenants: before }: Generation,
  { tenants: found, unreachable }: SourcesAsked,
): { readonly tenants: ReadonlyMap<TenantId, Tenant>; readonly answered: readonly string[] } {
  const silent = new Set(unreachable.map(({ source }) => source));
  const kept = before.values().filter((one) => one.origin === "discovered" && silent.has(one.source.name));
  return {
    tenants: new Map([...withKept(config, [...kept]), ...found.map((one) => [one.id, one] as const)]),
    answered: config.discover.map(({ source }) => source.name).filter((name) => !silent.has(name)),
  };
}

/** Configured tenants, and what the rules make of the databases that were discovered before. */
function withKept(config: Config, former: readonly Tenant[]): ReadonlyMap<TenantId, Tenant> {
  const databases = former
    .filter(({ origin }) => origin === "discovered")
    .map(({ source, scope }) => ({ source: source.name, database: scope.database }));
  const { tenants } = matchDiscovered(databases, config.discover, config.tenants);
  return new Map([...config.tenants, ...tenants.map((one) => [one.id, one] as const)]);
}
