/** The catalog's index made again from what the stores hold; policy and history stay as they are. */
import { Failure, isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { askEach, demandAnswer } from "../repository/library.ts";
import { storedTenants } from "../repository/stored-tenants.ts";
import type { AnyStore } from "../stores/around.ts";
import type { Desk } from "./desk.ts";
import { indexFrom, type Indexing } from "./index-tenant.ts";
import { tenantTerms } from "./tenant-terms.ts";

export interface Rebuilt {
  /** Tenants that the stores know or the configuration names. */
  readonly tenants: number;
  readonly backups: number;
  /** Copies that are there, whole or not. */
  readonly copies: number;
  /** The stores that were read. */
  readonly stores: readonly StoreName[];
  /** What could not be read; the index lacks it until the next look. */
  readonly problems: readonly {
    readonly tenant: TenantId | null;
    readonly store: StoreName | null;
    readonly problem: string;
  }[];
}

interface Rebuilding {
  /** Read these alone; null: all. */
  readonly only: StoreName | null;
  /** How many tenants are done, of how many. */
  readonly onProgress: (done: number, of: number) => void;
}

const tenantsAtOnce = 4;

/**
 * Empties the index first, and only once a store has said whom it holds. "usage/invalid" for an unknown store,
 * "store/quorum" when none answers.
 */
export async function rebuildIndex(
  desk: Desk,
  catalog: Indexing & Pick<Catalog, "choices">,
  { only, onProgress }: Rebuilding,
  wait: Waiting,
): Promise<Rebuilt> {
  const problems: Rebuilt["problems"][number][] = [];
  const stores = chosen(desk, only);
  const { answers, down } = await askEach(
    stores,
    (store) => Array.fromAsync(storedTenants(store, wait)),
    wait,
  );
  demandAnswer("which tenants it holds", stores.length, down);
  for (const { store, failure } of down) problems.push({ tenant: null, store, problem: failure.message });
  const known = await knownTenants(desk, problems);
  const all = new Set([...known.keys(), ...[...answers.values()].flat()]);
  await catalog.index.clear(wait);
  const choices = await catalog.choices.all(wait);
  const terms = Array.from(known.values(), (one) => tenantTerms(one, choices.get(one.id) ?? null));
  await catalog.index.setTenants(terms, wait);
  const readable = stores.filter(({ name }) => answers.has(name));
  const trust = await desk.trust();
  const sums = { backups: 0, copies: 0 };
  let done = 0;
  await eachAtOnce([...all].toSorted(), tenantsAtOnce, async (id) => {
    const own = known.get(id)?.stores;
    // Of a tenant that nobody knows any more, or that is planned for other stores by now, whatever is there counts.
    const holding = readable.filter(
      ({ name }) => own?.includes(name) !== false || answers.get(name)?.includes(id),
    );
    if (holding.length > 0) {
      try {
        const library = { stores: holding, trust, clock: desk.machine.clock };
        const states = await indexFrom(library, catalog, id, wait);
        sums.backups += states.backups.length;
        for (const { copies } of states.backups)
          sums.copies += copies
            .values()
            .filter(({ state }) => state !== "missing")
            .toArray().length;
        for (const { store, failure } of states.down)
          problems.push({ tenant: id, store, problem: failure.message });
      } catch (error) {
        if (!isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
        problems.push({ tenant: id, store: null, problem: error.message });
      }
    }
    done += 1;
    onProgress(done, all.size);
  });
  return { tenants: all.size, ...sums, stores: readable.map(({ name }) => name), problems };
}

function chosen({ stores }: Desk, only: StoreName | null): readonly AnyStore[] {
  if (only === null) return [...stores.values()];
  const store = stores.get(only);
  if (store !== undefined) return [store];
  throw new Failure("usage/invalid", `there is no store ${only}`, {
    hint: `the configuration names ${[...stores.keys()].join(", ")}`,
  });
}

/** A source that is down takes no tenant out of the stores; what its plan asks is unknown until it is back. */
async function knownTenants(
  desk: Desk,
  problems: Rebuilt["problems"][number][],
): Promise<ReadonlyMap<TenantId, Tenant>> {
  const { tenants, unreachable } = await desk.discovery();
  for (const { source, failure } of unreachable)
    problems.push({
      tenant: null,
      store: null,
      problem: `source ${source} could not be asked for its tenants: ${failure.message}`,
    });
  return new Map([...desk.config.tenants.values(), ...tenants].map((one) => [one.id, one]));
}
