/** What keeps commands and daemons from working on one tenant at once. */
import { type Failure, isFailure } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import type { Catalog, Claim } from "../catalog/catalog.ts";
import type { Desk } from "./desk.ts";
import type { NotedRun } from "./note-run.ts";
import type { Talk } from "./talk.ts";

export interface ClaimDesk extends AsyncDisposable {
  /**
   * Runs `work` while nobody else holds the claim; says so when it has to wait for somebody. Without a
   * catalog it runs at once.
   */
  claimed<T>(claim: Claim, work: () => Promise<T>, wait: Waiting): Promise<T>;
  /** Runs `work` and tells the catalog what came of it, as `noteRun` does. Without a catalog it only runs. */
  noted<T>(run: NotedRun<T>, work: () => Promise<T>, wait: Waiting): Promise<T>;
}

const askEveryMs = 2000;

/**
 * Claims over the catalog, if one is there: an embedded one that does not run is left alone, and then
 * no daemon runs either. One that cannot be reached is warned of: it is no reason not to back up.
 */
export async function openClaims(desk: Desk, talk: Talk, wait: Waiting): Promise<ClaimDesk> {
  const catalog = await catalogIfAny(desk, talk, wait);
  return {
    claimed: async (claim, work, bound) => {
      await using _ = catalog === null ? null : await take(catalog, claim, talk, bound);
      // Awaited here: the claim is given back when this function is left.
      return await work();
    },
    noted: async (run, work, bound) => {
      if (catalog === null) return work();
      const { noteRun } = await import("./note-run.ts");
      return noteRun({ desk, catalog, talk }, run, work, bound);
    },
    [Symbol.asyncDispose]: async () => {
      await catalog?.[Symbol.asyncDispose]();
    },
  };
}

/** The same for a single piece of work. */
export async function claimed<T>(
  desk: Desk,
  claim: Claim,
  talk: Talk,
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  await using claims = await openClaims(desk, talk, wait);
  return await claims.claimed(claim, work, wait);
}

async function catalogIfAny({ config, machine }: Desk, talk: Talk, wait: Waiting): Promise<Catalog | null> {
  try {
    // What speaks to the catalog takes a while to load, and most homes of a single host have none that runs.
    const { openCatalog } = await import("./open-catalog.ts");
    return await openCatalog(config, machine, { mode: "only-running" }, wait);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    warn(talk, error);
    return null;
  }
}

async function take(
  catalog: Catalog,
  claim: Claim,
  talk: Talk,
  wait: Waiting,
): Promise<AsyncDisposable | null> {
  for (let asked = 0; ; asked += 1) {
    let taken: AsyncDisposable | null;
    try {
      taken = await catalog.claims.tryTake(claim, wait);
    } catch (error) {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      warn(talk, error);
      return null;
    }
    if (taken !== null) return taken;
    if (asked === 0) talk.say(`${subjectOf(claim)}: somebody else is at work, waiting for them to end`);
    await pause(askEveryMs, wait);
  }
}

function warn(talk: Talk, failure: Failure): void {
  talk.say(`warning: the catalog cannot tell whether somebody else is at work: ${failure.message}`);
}

function subjectOf(claim: Claim): string {
  switch (claim.kind) {
    case "tenant-write":
      return claim.tenant;
    case "tenant-read":
      return `${claim.tenant} in ${claim.store}`;
    case "source":
      return `source ${claim.source}`;
  }
}
