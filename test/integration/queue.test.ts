/** The queue on a real server: what is handed to it is worked once, survives its worker, and is never given up in silence. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { JobEnd, JobQueue, NewJob, TakenJob } from "../../src/catalog/queue.ts";
import { type Job, job as jobSchema } from "../../src/model/job.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let queue: JobQueue;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "catalog");
  queue = await openTestQueue(server);
});
afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const wait = testWait();

function job(fields: object): NewJob {
  return { job: jobSchema.parse(fields), source: null };
}

const daily = (tenant: string, at: string): NewJob =>
  job({ queue: "backup", tenant, kind: "daily", slot: `${tenant}/${at}`, at });

/** Works a queue with these ends, one after the other, and the last for ever; tells what was taken. */
async function worked(
  of: JobQueue,
  name: Job["queue"],
  ends: readonly JobEnd[],
  places = 1,
): Promise<AsyncDisposable & { readonly taken: readonly TakenJob[] }> {
  const taken: TakenJob[] = [];
  const taking = await of.take(name, places, async (one) => {
    taken.push(one);
    return Promise.resolve(ends[taken.length - 1] ?? ends.at(-1) ?? { kind: "done" });
  });
  return { taken, [Symbol.asyncDispose]: () => taking.stop() };
}

const tenants = (taken: readonly TakenJob[]): string[] => taken.map((one) => one.job.tenant);

describe("the queue", () => {
  it("hands every job to one of two workers, slots of one tenant apart", async () => {
    await using other = await openTestQueue(server, { hostName: "two" });
    await queue.add(
      [
        daily("acme", "2026-11-21T01:00:00Z"),
        daily("acme", "2026-11-22T01:00:00Z"),
        daily("bravo", "2026-11-22T01:00:00Z"),
      ],
      {},
      wait,
    );
    await using one = await worked(queue, "backup", [{ kind: "done" }]);
    await using two = await worked(other, "backup", [{ kind: "done" }]);
    await until("all three were taken", () => one.taken.length + two.taken.length === 3);
    expect(tenants([...one.taken, ...two.taken]).toSorted()).toEqual(["acme", "acme", "bravo"]);
    expect((await queue.daemons(wait)).map(({ host }) => host)).toEqual(["one", "two"]);
  });

  it("takes no second job for work that waits already, unless it is a slot", async () => {
    const prune = job({ queue: "prune", tenant: "acme" });
    await queue.add([prune], {}, wait);
    await queue.add([prune], {}, wait);
    await using one = await worked(queue, "prune", [{ kind: "done" }]);
    await until("it was taken", () => one.taken.length === 1);
    await queue.add([job({ queue: "prune", tenant: "bravo" })], {}, wait);
    await until("the next was taken", () => one.taken.length === 2);
    expect(tenants(one.taken)).toEqual(["acme", "bravo"]);
  });

  it("puts back what somebody else is at, source and all, and counts that as no attempt", async () => {
    const sourced = { ...daily("later", "2026-11-22T01:00:00Z"), source: { name: "erp", places: 3 } };
    await queue.add([sourced, job({ queue: "heal", tenant: "later", store: "one" })], {}, wait);
    const later: JobEnd = { kind: "later", afterMs: 100 };
    await using one = await worked(queue, "backup", [later, later, { kind: "done" }]);
    await using two = await worked(queue, "heal", [later, later, { kind: "done" }]);
    await until("both came three times", () => one.taken.length === 3 && two.taken.length === 3);
    expect(one.taken.map(({ attempt, begun }) => [attempt, begun])).toEqual([
      [0, false],
      [0, true],
      [0, true],
    ]);
    expect(one.taken[2]?.source).toEqual({ name: "erp", places: 3 });
    expect(one.taken[2]?.job).toEqual(sourced.job);
  });

  it("makes a dead letter at once of what trying again cannot mend, and takes it back when it is done after all", async () => {
    const copy = job({ queue: "scrub", tenant: "acme", store: "one" });
    await queue.add([copy], {}, wait);
    {
      await using one = await worked(queue, "scrub", [
        { kind: "failed", code: "store/refused", retryable: false },
      ]);
      const dead = await until("the dead letter", async () => (await queue.deadLetters(wait))[0]);
      expect(dead).toMatchObject({ queue: "scrub", key: "acme/one", code: "store/refused" });
      expect(one.taken).toHaveLength(1);
      await queue.add([copy], {}, wait);
      await until("it failed again", () => one.taken.length === 2);
    }
    expect(await queue.deadLetters(wait)).toHaveLength(1);
    await queue.add([copy], {}, wait);
    await using one = await worked(queue, "scrub", [{ kind: "done" }]);
    await until("the dead letter is gone", async () => (await queue.deadLetters(wait)).length === 0);
    expect(one.taken[0]?.attempt).toBe(0);
  });

  it("tries again what failed and may go better", async () => {
    await queue.add([job({ queue: "replicate", tenant: "acme" })], {}, wait);
    const broken: JobEnd = { kind: "failed", code: "store/unreachable", retryable: true };
    await using one = await worked(queue, "replicate", [broken, { kind: "done" }]);
    await until("the second attempt", () => one.taken.length === 2);
    expect(one.taken.map(({ attempt, last }) => [attempt, last])).toEqual([
      [0, false],
      [1, false],
    ]);
    expect(await queue.deadLetters(wait)).toEqual([]);
  });

  it("makes a dead letter of a job that nobody can read", async () => {
    await using one = await worked(queue, "verify", [{ kind: "done" }]);
    await psql(
      server,
      "catalog",
      `insert into holdfast_queue.job (name, data, policy, dead_letter) values ('verify', '{"job":{"queue":"verify","tenant":"../../etc"}}', 'exclusive', 'verify.dead')`,
    );
    const dead = await until("the dead letter is counted", async () => {
      await queue.supervise(wait);
      const counts = await queue.counts(wait);
      return counts.find((count) => count.queue === "verify" && count.state === "dead" && count.jobs === 1);
    });
    expect(dead.jobs).toBe(1);
    expect(one.taken).toEqual([]);
  });

  it("adds nothing when the transaction it was to be part of fails", async () => {
    const sql = { executeSql: () => Promise.reject(new Error("connection terminated")) };
    await expect(queue.add([daily("gone", "2026-11-22T01:00:00Z")], { sql }, wait)).rejects.toMatchObject({
      code: "catalog/unreachable",
    });
    await using one = await worked(queue, "backup", [{ kind: "done" }]);
    await queue.add([daily("here", "2026-11-22T01:00:00Z")], {}, wait);
    await until("the other one", () => one.taken.length === 1);
    expect(tenants(one.taken)).toEqual(["here"]);
  });

  it("gives the job of a worker that died to another one", async () => {
    const copy = { queue: "verify", tenant: "acme", backup: "20261121T013000Z-k7f3qa", store: "one" };
    await queue.add([job(copy)], {}, wait);
    // As a worker leaves it that took it and was heard of no more.
    await psql(
      server,
      "catalog",
      `update holdfast_queue.job set state = 'active', started_on = now(), heartbeat_on = now() - interval '1 minute'
       where name = 'verify' and state = 'created'`,
    );
    await using one = await worked(queue, "verify", [{ kind: "done" }]);
    await until("another worker has it", async () => {
      await queue.supervise(wait);
      return one.taken.length === 1;
    });
    expect(one.taken[0]?.attempt).toBe(1);
  });
});

it("a host's clock that is set back while a job runs keeps its worker from nothing", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    const taken: string[] = [];
    await queue.add([job({ queue: "prune", tenant: "first" })], {}, wait);
    const taking = await queue.take("prune", 1, async (one) => {
      taken.push(one.job.tenant);
      if (one.job.tenant === "first") {
        vi.useRealTimers();
        await queue.add([job({ queue: "prune", tenant: "second" })], {}, wait);
      }
      return { kind: "done" };
    });
    await until("the next job", () => taken.includes("second"), 20_000);
    await taking.stop();
    expect(taken).toEqual(["first", "second"]);
  } finally {
    vi.useRealTimers();
  }
});
