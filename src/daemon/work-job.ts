import { Failure, type FailureCode, isFailure, reasonOf } from "../base/failure.ts";
import { randomBase32 } from "../base/chance.ts";
import { pause, type Waiting, within } from "../base/waiting.ts";
import type { Claim, RunEntry } from "../catalog/catalog.ts";
import type { JobEnd, TakenJob } from "../catalog/queue.ts";
import type { Tenant } from "../config/config.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import type { Desk } from "../desk/desk.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import type { JobOf, QueueName } from "../model/job.ts";
import type { Log } from "../telemetry/log.ts";
import type { JobResult, JobWork } from "./job-work.ts";
import { logTalk } from "./log-talk.ts";
import type { Shop } from "./shop.ts";

/** An index that cannot be refreshed now is refreshed later by itself. */
const indexLimitMs = 600_000;

/**
 * Works one job to its end: claims what it works on, runs it, writes it into history and index. Never
 * throws. `stop` ends when the daemon must stop at last; the job then goes back to the queue.
 */
export async function workJob<Name extends QueueName>(
  shop: Shop,
  work: JobWork<Name>,
  { job, taken }: { readonly job: JobOf<Name>; readonly taken: TakenJob },
  stop: Waiting,
): Promise<JobEnd> {
  const { queue } = taken.job;
  const log = shop.log.child({ run: randomBase32(shop.machine.chance, 8), queue, tenant: job.tenant });
  using lease = shop.household.lease();
  const { desk, tenants } = lease.generation;
  const tenant = tenants.get(job.tenant);
  if (tenant === undefined) {
    if (!shop.household.isSure()) {
      log.info("job put back, not every source could be asked yet whose tenant it is");
      return { kind: "later", afterMs: shop.pace.busyMs };
    }
    log.info("job dropped, the tenant is gone");
    return { kind: "done" };
  }
  try {
    if (queue === "backup" && (await isClockOff(shop, stop))) {
      // The backup would be refused; a host whose clock is right takes it.
      log.error("job put back, the clock of this host is off");
      return { kind: "later", afterMs: shop.pace.busyMs };
    }
    await using claims = await takeAll(shop, work.claims({ tenant, job }), stop);
    if (!claims.all) {
      log.debug("job put back, somebody else is at it");
      return { kind: "later", afterMs: shop.pace.busyMs };
    }
    return await run(shop, work, { desk, tenant, job, taken, log }, stop);
  } catch (error) {
    return refused(shop, error, { taken, log, stop });
  }
}

interface Begun<Name extends QueueName> {
  readonly desk: Desk;
  readonly tenant: Tenant;
  readonly job: JobOf<Name>;
  readonly taken: TakenJob;
  readonly log: Log;
}

async function run<Name extends QueueName>(
  shop: Shop,
  work: JobWork<Name>,
  { desk, tenant, job, taken, log }: Begun<Name>,
  stop: Waiting,
): Promise<JobEnd> {
  const startedAt = shop.machine.clock.now();
  const wait = within(stop, work.limitMs);
  const note = async (ended: Pick<RunEntry, "result" | "code" | "facts">): Promise<void> => {
    const entry: RunEntry = {
      tenant: tenant.id,
      verb: taken.job.queue,
      kind: taken.job.queue === "backup" ? taken.job.kind : null,
      host: shop.machine.hostName,
      startedAt,
      endedAt: shop.machine.clock.now(),
      ...ended,
    };
    await patiently(shop, () => shop.catalog.history.add(entry, stop), stop);
  };
  log.info("job began", { attempt: taken.attempt });
  let result: JobResult | null;
  try {
    result = await work.run({ shop, desk, tenant, job, taken, talk: logTalk(log), wait });
  } catch (error) {
    if (stop.signal.aborted) throw error;
    const { code } = asFailure(error);
    await note({ result: "failed", code, facts: {} });
    throw error;
  }
  if (result === null) {
    log.info("job ended, there was nothing to do");
    return { kind: "done" };
  }
  const { result: how, facts, failed } = result;
  log.info("job ended", { result: how, ...facts });
  await refreshIndex(shop, { desk, tenant, log }, stop);
  await note({ result: how, code: failed?.code ?? null, facts });
  if (failed === null) return { kind: "done" };
  const failure = { code: failed.code, retryable: failed.retryable && !taken.last };
  log.warn("job will be tried again", failure);
  return { kind: "failed", ...failure };
}

/** What another host of the fleet may do all the same. */
const ofThisHost: ReadonlySet<FailureCode> = new Set([
  "config/invalid",
  "keys/identity",
  "keys/role",
  "program/missing",
  "scratch/isolation",
  "scratch/start",
  "source/clock",
  "store/clock",
]);

async function isClockOff({ machine, catalog }: Shop, wait: Waiting): Promise<boolean> {
  const now = await catalog.now(wait);
  return Math.abs(machine.clock.now().getTime() - now.getTime()) > clockToleranceMs;
}

/** The next plans go by it, so it comes before the job counts as done. */
async function refreshIndex(
  shop: Shop,
  { desk, tenant, log }: { readonly desk: Desk; readonly tenant: Tenant; readonly log: Log },
  stop: Waiting,
): Promise<void> {
  const wait = within(stop, indexLimitMs);
  try {
    await patiently(shop, () => indexTenant(desk, shop.catalog, tenant, wait), wait);
  } catch (error) {
    if (stop.signal.aborted) throw error;
    log.warn("index not refreshed", { error });
  }
}

/**
 * A catalog that is away is waited for: the backup lies in the stores already, and a worker that gave up here
 * would have its job done once more.
 */
async function patiently(shop: Shop, work: () => Promise<unknown>, wait: Waiting): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isFailure(error, "catalog/unreachable") || wait.signal.aborted) throw error;
      await pause(shop.pace.catalogRetryMs, wait);
    }
  }
}

function refused(
  shop: Shop,
  error: unknown,
  { taken, log, stop }: { readonly taken: TakenJob; readonly log: Log; readonly stop: Waiting },
): JobEnd {
  if (stop.signal.aborted) {
    log.info("job put back, the daemon stops");
    return { kind: "later", afterMs: 0 };
  }
  const failure = asFailure(error);
  // Nobody told this job to end, so what it worked with was taken from it, which says nothing about the job.
  const isInterrupted = failure.code === "wait/cancelled";
  const final = !(failure.retryable || isInterrupted || ofThisHost.has(failure.code)) || taken.last;
  const { queue, tenant } = taken.job;
  shop.tell({ kind: "job-failed", queue, tenant, code: failure.code, final });
  log[final ? "error" : "warn"](final ? "job failed for good" : "job failed, it will be tried again", {
    error: failure,
    attempt: taken.attempt,
  });
  return { kind: "failed", code: failure.code, retryable: !final };
}

function asFailure(error: unknown): Failure {
  return isFailure(error) ? error : new Failure("internal/bug", reasonOf(error), { cause: error });
}

interface TakenClaims extends AsyncDisposable {
  readonly all: boolean;
}

/** All of them, or none. */
async function takeAll(shop: Shop, claims: readonly Claim[], wait: Waiting): Promise<TakenClaims> {
  const stack = new AsyncDisposableStack();
  try {
    for (const claim of claims) {
      const one = await shop.catalog.claims.tryTake(claim, wait);
      if (one === null) {
        await stack.disposeAsync();
        return { all: false, [Symbol.asyncDispose]: () => Promise.resolve() };
      }
      stack.use(one);
    }
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  return { all: true, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
