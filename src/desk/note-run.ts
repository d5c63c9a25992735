/** What a command did to a tenant, told to a catalog that runs, so that daemons and `status` know it at once. */
import { exitCodes, failureOf, reasonOf } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { Catalog, RunEntry } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { Desk } from "./desk.ts";
import { indexFrom, indexTenant } from "./index-tenant.ts";
import type { RunEnd } from "./run-ends.ts";
import type { Talk } from "./talk.ts";
import { libraryOf } from "./tenant-library.ts";

export interface NotedRun<T> extends Pick<RunEntry, "verb" | "kind"> {
  /** By its id alone where nobody looked it up: what lies in the stores is worked on whoever it belongs to. */
  readonly tenant: Tenant | TenantId;
  /** How it ended, once for everything that it did; none: nothing was done, and nothing is noted. */
  readonly ends: (value: T) => readonly RunEnd[];
  /** What is due again because of it. */
  readonly renews?: (
    value: T,
  ) =>
    | { readonly kind: "scrub"; readonly store: StoreName }
    | { readonly kind: "prune"; readonly outcome: "done" | "stopped" }
    | null;
}

/** Listing the stores of one tenant takes seconds; what takes longer is left to the daemon. Counted once the work is over. */
const noteLimitMs = 300_000;

/**
 * Runs the work, then writes it into history and reads the tenant's stores into the index. What fails of the
 * noting is a warning: the work is done, and the index is read again by itself. Throws what `work` throws.
 */
export async function noteRun<T>(
  { desk, catalog, talk }: { readonly desk: Desk; readonly catalog: Catalog; readonly talk: Talk },
  run: NotedRun<T>,
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const { clock, hostName, monotonicMs } = desk.machine;
  const id = typeof run.tenant === "string" ? run.tenant : run.tenant.id;
  // What is due next is worked out by the catalog's clock: a host that is a year ahead would put it off for a year.
  const startedAt = await catalog.now(wait).catch(() => clock.now());
  const startedMs = monotonicMs();
  const entry = (end: RunEnd): RunEntry => ({
    tenant: id,
    verb: run.verb,
    kind: run.kind,
    host: hostName,
    startedAt,
    endedAt: new Date(startedAt.getTime() + monotonicMs() - startedMs),
    ...end,
  });
  const tell = async (telling: (bound: Waiting) => Promise<unknown>): Promise<void> => {
    try {
      await telling(within(wait, noteLimitMs));
    } catch (error) {
      talk.say(`warning: ${id}: the catalog could not be told of it: ${reasonOf(error)}`);
    }
  };
  let value: T;
  try {
    value = await work();
  } catch (error) {
    const { code, exit } = failureOf(error);
    if (exit !== exitCodes.usage && !wait.signal.aborted)
      await tell((bound) => catalog.history.add(entry({ result: "failed", code, facts: {} }), bound));
    throw error;
  }
  const ends = run.ends(value);
  if (ends.length === 0) return value;
  await tell(async (bound) => {
    // The index before the history: a daemon that reads of a heal must not take old damage for new.
    await (typeof run.tenant === "string"
      ? indexFrom(await libraryOf(desk, run.tenant, bound), catalog, run.tenant, bound)
      : indexTenant(desk, catalog, run.tenant, bound));
  });
  await tell(async (bound) => {
    for (const end of ends) await catalog.history.add(entry(end), bound);
    const renewed = run.renews?.(value) ?? null;
    if (renewed?.kind === "scrub") await catalog.index.noteScrub(id, renewed.store, startedAt, bound);
    if (renewed?.kind === "prune") await catalog.index.notePrune(id, startedAt, renewed.outcome, bound);
  });
  return value;
}
