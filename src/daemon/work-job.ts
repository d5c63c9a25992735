import { Failure, failureOf, type FailureCode } from "../base/failure.ts";
import { randomBase32 } from "../base/chance.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { RunEntry } from "../catalog/catalog.ts";
import type { JobEnd, TakenJob } from "../catalog/queue.ts";
import type { Tenant } from "../config/config.ts";
import { claimAll } from "../desk/claim-all.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import type { Desk } from "../desk/desk.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import type { Job, JobOf, QueueName } from "../model/job.ts";
import type { Log } from "../telemetry/log.ts";
import type { JobResult, JobWork } from "./job-work.ts";
import { logTalk } from "./log-talk.ts";
import { patiently } from "./patiently.ts";
import type { Shop } from "./shop.ts";
import { takeTurn } from "./take-turn.ts";

/** A backup that waits is looked at that often before what gave way to it. */
const backupsFirst = 4;
/** A job that is put back for longer waits for something that hangs. */
const busyLongMs = 3_600_000;

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
  try {
    if (tenant === undefined) return await strange(shop, { job, taken, log }, stop);
    const startedAt = await shop.catalog.now(stop);
    if (isFarFrom(startedAt, shop)) {
      // Stores and sources would refuse it, or it would state what it sees as of next year; a host whose clock is right takes it.
      log.error("job put back, the clock of this host is off");
      return { kind: "later", afterMs: shop.pace.busyMs };
    }
    await using claims = await claimAll(shop.catalog.claims, work.claims({ tenant, job }), stop);
    if (claims === null) {
      const waitedMs = await ageOf(shop, taken, stop);
      log[waitedMs > busyLongMs ? "warn" : "debug"]("job put back, somebody else is at it", { waitedMs });
      return { kind: "later", afterMs: shop.pace.busyMs };
    }
    return await run(shop, work, { desk, tenant, job, taken, startedAt, log }, stop);
  } catch (error) {
    return refused(shop, error, { taken, log, stop });
  }
}

/**
 * A host that does not know a tenant may be the last to hear of it: its job waits for one that does, and ends only
 * when nobody has had the tenant for long.
 */
async function strange(
  shop: Shop,
  { job, taken, log }: { readonly job: Job; readonly taken: TakenJob; readonly log: Log },
  stop: Waiting,
): Promise<JobEnd> {
  if (!shop.household.isSure()) {
    log.info("job put back, not every source could be asked yet whose tenant it is");
    return { kind: "later", afterMs: shop.pace.busyMs };
  }
  const known = await shop.catalog.index.known([job.tenant], stop);
  if (known.has(job.tenant) || (await ageOf(shop, taken, stop)) < shop.pace.goneAfterMs) {
    log.info("job put back, this host does not know its tenant");
    return { kind: "later", afterMs: shop.pace.strangerMs };
  }
  log.info("job dropped, the tenant is gone");
  return { kind: "done" };
}

async function ageOf({ catalog }: Shop, { since }: TakenJob, wait: Waiting): Promise<number> {
  return (await catalog.now(wait)).getTime() - since.getTime();
}

interface Begun<Name extends QueueName> {
  readonly desk: Desk;
  readonly tenant: Tenant;
  readonly job: JobOf<Name>;
  readonly taken: TakenJob;
  /** By the catalog's clock, by which is worked out what is due next. */
  readonly startedAt: Date;
  readonly log: Log;
}

async function run<Name extends QueueName>(
  shop: Shop,
  work: JobWork<Name>,
  { desk, tenant, job, taken, startedAt, log }: Begun<Name>,
  stop: Waiting,
): Promise<JobEnd> {
  const startedMs = shop.machine.monotonicMs();
  const limit = within(stop, work.limitMs);
  using turn = takeTurn(shop, { tenant: tenant.id, givesWay: work.givesWay }, limit);
  const { wait } = turn;
  const note = async (ended: Pick<RunEntry, "result" | "code" | "facts">): Promise<void> => {
    const entry: RunEntry = {
      tenant: tenant.id,
      verb: taken.job.queue,
      kind: taken.job.queue === "backup" ? taken.job.kind : null,
      host: shop.machine.hostName,
      startedAt,
      endedAt: new Date(startedAt.getTime() + shop.machine.monotonicMs() - startedMs),
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
    if (limit.signal.aborted) {
      const failure = new Failure("wait/expired", "the job took longer than any may", { cause: error });
      await note({ result: "failed", code: failure.code, facts: {} });
      return end(shop, failure, { taken, log, final: true });
    }
    if (turn.isOver()) {
      log.info("job put back, a backup of its tenant waits");
      await refreshIndex(shop, { desk, tenant, log }, stop);
      return { kind: "later", afterMs: shop.pace.busyMs * backupsFirst };
    }
    const { code } = failureOf(error);
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
  const { code } = failed;
  const final = !failed.retryable || taken.last;
  shop.tell({ kind: "job-failed", queue: taken.job.queue, tenant: tenant.id, code, final });
  log.warn(final ? "job is given up" : "job will be tried again", { code, attempt: taken.attempt });
  return { kind: "failed", code, retryable: !final };
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

function isFarFrom(now: Date, { machine }: Shop): boolean {
  return Math.abs(machine.clock.now().getTime() - now.getTime()) > clockToleranceMs;
}

/** The next plans go by it, so it comes before the job counts as done. */
async function refreshIndex(
  shop: Shop,
  { desk, tenant, log }: { readonly desk: Desk; readonly tenant: Tenant; readonly log: Log },
  stop: Waiting,
): Promise<void> {
  try {
    // The limit is for the stores. A catalog may be away for longer, and then nobody else would come to know for hours.
    const look = (): Promise<unknown> =>
      indexTenant(desk, shop.catalog, tenant, within(stop, shop.pace.indexLimitMs));
    await patiently(shop, look, stop);
  } catch (error) {
    if (stop.signal.aborted) throw error;
    log.warn("index not refreshed", { error });
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
  const failure = failureOf(error);
  // Nobody told this job to end, so what it worked with was taken from it, which says nothing about the job.
  const isInterrupted = failure.code === "wait/cancelled";
  const final = !(failure.retryable || isInterrupted || ofThisHost.has(failure.code)) || taken.last;
  return end(shop, failure, { taken, log, final });
}

function end(
  shop: Shop,
  failure: Failure,
  { taken, log, final }: { readonly taken: TakenJob; readonly log: Log; readonly final: boolean },
): JobEnd {
  const { queue, tenant } = taken.job;
  shop.tell({ kind: "job-failed", queue, tenant, code: failure.code, final });
  log[final ? "error" : "warn"](final ? "job failed for good" : "job failed, it will be tried again", {
    error: failure,
    attempt: taken.attempt,
  });
  return { kind: "failed", code: failure.code, retryable: !final };
}
