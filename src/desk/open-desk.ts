import { append } from "../base/append.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config, Tenant } from "../config/config.ts";
import { readIdentity } from "../keys/host-keys.ts";
import { createSigner, createTrustRing, type Signer, type TrustRing } from "../keys/signing.ts";
import type { StoreName } from "../model/ids.ts";
import type { AnyStore } from "../stores/around.ts";
import type { StoreEvent } from "../stores/observed.ts";
import type { Machine } from "./machine.ts";
import { type Means, openMeans } from "./means.ts";
import type { Desk, SourcesAsked } from "./desk.ts";
import { noTenant } from "./no-tenant.ts";
import { openStores } from "./open-stores.ts";

export interface DeskOptions {
  /** Told of every single request to a store. */
  readonly onRequest?: (event: StoreEvent) => void;
  /** Those of a process that has several desks; default: its own, closed with it. */
  readonly means?: Means;
}

/** Everything a verb works with, from the configuration. `wait` is the whole command's. */
export async function openDesk(
  config: Config,
  machine: Machine,
  wait: Waiting,
  { onRequest, means: shared }: DeskOptions = {},
): Promise<Desk> {
  const means = shared ?? openMeans(config.limits, machine.clock);
  const stores = await openStores(config, means, machine, onRequest);
  const trust = once(() => trustOf(config));
  const signer = once(() => signerOf(config));
  const discovery = once(async () => {
    // What speaks to PostgreSQL takes a while to load, and most commands ask the stores alone.
    const { askSources } = await import("./ask-sources.ts");
    return askSources(config, wait);
  });
  return {
    config,
    machine,
    stores,
    storesOf: (tenant) => storesOf(tenant, stores),
    library: async (tenant) => ({
      stores: storesOf(tenant, stores),
      trust: await trust(),
      clock: machine.clock,
    }),
    tenants: async () => [...config.tenants.values(), ...allAsked(await discovery()).tenants],
    tenant: async (id) => findTenant(id, config, discovery),
    discovery,
    trust,
    signer,
    identity: once(async () => {
      const { identity } = config.keys;
      return identity === null ? null : readIdentity(await identity.reveal());
    }),
    mint: async () => {
      const { workers, verifiers, restorers, escrow } = config.keys;
      const holders = { workers, verifiers, restorers, escrow };
      const { clock, chance } = machine;
      return { holders, signer: await signer(), trust: await trust(), clock, chance };
    },
    sealing: () => means.sealing(),
    inFlight: means.inFlight,
    scrubRate: (store) => means.scrubRate(store),
    binFolders: config.postgresBin === null ? [] : [config.postgresBin],
    scratchUser: once(async () => {
      if (machine.uid !== 0) return undefined;
      // What runs programs takes a while to load too.
      const { userIds } = await import("./scratch-user.ts");
      return userIds(config.scratch.user, wait);
    }),
    [Symbol.asyncDispose]: async () => {
      for (const store of stores.values()) store[Symbol.dispose]?.();
      // Means that are shared outlast this desk.
      if (shared === undefined) await means[Symbol.asyncDispose]();
    },
  };
}

/** The first call makes it; later ones get the same. What failed is tried again: a desk may live for months. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

function storesOf(tenant: Tenant, stores: ReadonlyMap<StoreName, AnyStore>): AnyStore[] {
  return tenant.stores.map((name) => {
    const store = stores.get(name);
    if (store === undefined) throw new Failure("internal/bug", `store ${name} was checked and is not there`);
    return store;
  });
}

async function trustOf({ keys }: Config): Promise<TrustRing> {
  return createTrustRing(
    await Promise.all(
      keys.trusted.map(async ({ key, may, from, until }) => ({ jwk: await key.reveal(), may, from, until })),
    ),
  );
}

async function signerOf({ keys }: Config): Promise<Signer> {
  if (keys.signing !== null) return createSigner(await keys.signing.reveal());
  throw new Failure("keys/role", "this host may not sign: keys.signing is not set", {
    hint: "`holdfast keys new --only signing` makes a key; others must then trust it",
  });
}

/** Who asks for all tenants must not be given some of them in silence. */
function allAsked(asked: SourcesAsked): SourcesAsked {
  const [first] = asked.unreachable;
  if (first !== undefined) throw withWayOut(first.failure);
  return asked;
}

/** Backups outlive their source, and what is to be done about them may not wait for it. */
function withWayOut({ code, message, hint, cause }: Failure): Failure {
  const way = "a tenant that the configuration names under `tenants` is known without its source";
  return new Failure(code, message, { hint: hint === undefined ? way : `${hint}; ${way}`, cause });
}

async function findTenant(
  id: string,
  config: Config,
  discovery: () => Promise<SourcesAsked>,
): Promise<Tenant> {
  const configured = config.tenants.values().find((tenant) => tenant.id === id);
  if (configured !== undefined) return configured;
  const known: string[] = [...config.tenants.keys()];
  if (config.discover.length > 0) {
    const asked = await discovery();
    const discovered = asked.tenants.find((tenant) => tenant.id === id);
    if (discovered !== undefined) return discovered;
    allAsked(asked);
    append(
      known,
      asked.tenants.map((tenant) => tenant.id),
    );
  }
  throw noTenant(id, known);
}
