/**
 * The configuration in force, and all that was made of it. A reload makes a new generation; what runs
 * keeps the one it began with, which is closed when the last of them has ended.
 */
import type { Waiting } from "../base/waiting.ts";
import type { Config, Tenant } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { matchDiscovered } from "../config/match-discovered.ts";
import { askSources } from "../desk/ask-sources.ts";
import type { Desk } from "../desk/desk.ts";
import type { Machine } from "../desk/machine.ts";
import { openDesk } from "../desk/open-desk.ts";
import { type QueueRoles, queueRoles } from "../desk/roles.ts";
import type { TenantId } from "../model/ids.ts";
import type { StoreEvent } from "../stores/observed.ts";
import { configChanges } from "./config-changes.ts";

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
  /** What changed; throws "config/invalid" or "config/missing", and then all stays as it was. */
  reload(): Promise<readonly string[]>;
  /** Asks the sources again. Tenants of a source that does not answer stay: silence is not absence. */
  discover(wait: Waiting): Promise<Discovered>;
}

interface Room {
  generation: Generation;
  users: number;
  readonly left: PromiseWithResolvers<void>;
}

/** `wait` is that of the work, which outlasts the signal to stop. */
export async function openHousehold(
  config: Config,
  machine: Machine,
  onRequest: (event: StoreEvent) => void,
  wait: Waiting,
): Promise<Household> {
  const settle = async (one: Config, tenants: ReadonlyMap<TenantId, Tenant>): Promise<Room> => ({
    generation: {
      config: one,
      desk: await openDesk(one, machine, wait, onRequest),
      roles: await queueRoles(one),
      tenants,
    },
    users: 0,
    left: Promise.withResolvers(),
  });
  let room = await settle(config, config.tenants);
  let heard: ReadonlySet<string> = new Set();
  const closing = new Set<Promise<void>>();
  const moveOut = (old: Room): void => {
    const closed = close(old);
    closing.add(closed);
    void closed.finally(() => closing.delete(closed));
  };
  return {
    current: () => room.generation,
    isSure: () => room.generation.config.discover.every(({ source }) => heard.has(source.name)),
    lease: () => {
      const rented = room;
      rented.users += 1;
      let given = false;
      return {
        generation: rented.generation,
        [Symbol.dispose]: () => {
          if (given) return;
          given = true;
          rented.users -= 1;
          if (rented.users === 0) rented.left.resolve();
        },
      };
    },
    reload: async () => {
      const old = room;
      const next = await loadConfig(old.generation.config.path, machine.env);
      const changes = configChanges(old.generation.config, next);
      if (changes.length === 0) return [];
      room = await settle(next, withKept(next, [...old.generation.tenants.values()]));
      heard = new Set();
      moveOut(old);
      return changes;
    },
    discover: async (asking) => {
      const { config: now, tenants: before } = room.generation;
      const asked = await askSources(now, asking);
      const silent = new Set(asked.unreachable.map(({ source }) => source));
      const kept = before
        .values()
        .filter((one) => one.origin === "discovered" && silent.has(one.source.name));
      const tenants = new Map([
        ...withKept(now, [...kept]),
        ...asked.tenants.map((one) => [one.id, one] as const),
      ]);
      // A reload meanwhile has its own rules; it is asked again with those.
      if (room.generation.config === now) {
        room.generation = { ...room.generation, tenants };
        const answered = now.discover.map(({ source }) => source.name).filter((name) => !silent.has(name));
        heard = new Set([...heard, ...answered]);
      }
      return {
        came: [...tenants.keys()].filter((id) => !before.has(id)),
        went: [...before.keys()].filter((id) => !tenants.has(id)),
        refused: asked.refused,
        unreachable: asked.unreachable,
      };
    },
    [Symbol.asyncDispose]: async () => {
      moveOut(room);
      await Promise.all(closing);
    },
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

async function close({ users, left, generation }: Room): Promise<void> {
  if (users > 0) await left.promise;
  await generation.desk[Symbol.asyncDispose]();
}
