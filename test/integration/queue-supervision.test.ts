/** What lies in the queue is neither taken from workers that live nor lost by lying there. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { job as jobSchema } from "../../src/model/job.ts";
import type { Failure } from "../../src/base/failure.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "catalog");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const wait = testWait();
const sql = (text: string): Promise<string> => psql(server, "catalog", text);
const pruneOf = (tenant: string) => ({ job: jobSchema.parse({ queue: "prune", tenant }), source: null });
const cut = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where application_name like 'holdfast daemon%'`;
const statesOf = (tenant: string): Promise<string> =>
  sql(`select name || ' ' || state from holdfast_queue.job where data #>> '{job,tenant}' = '${tenant}'`);

describe("the queue", () => {
  it("takes no job from a worker whose heart beats again soon, when this process has only begun or seen an outage", async () => {
    let nowMs = 0;
    const trouble = Promise.withResolvers<Failure>();
    await using queue = await openTestQueue(server, {
      monotonicMs: () => nowMs,
      onTrouble: (failure) => {
        trouble.resolve(failure);
      },
    });
    await queue.add([pruneOf("acme")], {}, wait);
    await sql(
      `update holdfast_queue.job set state = 'active', started_on = now(),
       heartbeat_on = now() - interval '1 hour' where name = 'prune'`,
    );
    await queue.supervise(wait);
    nowMs += 14_000;
    await queue.supervise(wait);
    expect(await statesOf("acme")).toBe("prune active");
    await sql(cut);
    // What broke without being asked anything is told without the server's words.
    expect(await trouble.promise).toMatchObject({
      code: "catalog/unreachable",
      message: "work the queue: SQLSTATE 57P01",
    });
    nowMs += 14_000;
    await queue.supervise(wait);
    expect(await statesOf("acme")).toBe("prune active");
    nowMs += 1000;
    await queue.supervise(wait);
    expect(await statesOf("acme")).toBe("prune retry");
  });

  it("keeps what nobody came to and what was given up for years", async () => {
    await using queue = await openTestQueue(server);
    await queue.add([pruneOf("given-up")], {}, wait);
    const taking = await queue.take("prune", 1, () =>
      Promise.resolve({ kind: "failed", code: "store/refused", retryable: false }),
    );
    await until("it is given up", async () => (await queue.deadLetters(wait)).length === 1);
    await taking.stop();
    await queue.add(
      [{ job: jobSchema.parse({ queue: "replicate", tenant: "waits" }), source: null }],
      {},
      wait,
    );
    const years = `update holdfast_queue.job set created_on = created_on - interval '5 years',
      start_after = start_after - interval '5 years', keep_until = keep_until - interval '5 years'`;
    await sql(years);
    await queue.add([pruneOf("short")], {}, wait);
    await sql(
      "update holdfast_queue.job set keep_until = now() - interval '1 day' where data #>> '{job,tenant}' = 'short'",
    );
    await sql("update holdfast_queue.queue set maintain_on = null");
    await queue.supervise(wait);
    expect(await statesOf("short")).toBe("");
    expect(await queue.deadLetters(wait)).toHaveLength(1);
    expect(await statesOf("waits")).toBe("replicate created");
  });

  it("remembers since when a job waits, however often it was put back", async () => {
    await using queue = await openTestQueue(server);
    await queue.add(
      [{ job: jobSchema.parse({ queue: "heal", tenant: "patient", store: "one" }), source: null }],
      {},
      wait,
    );
    await sql("update holdfast_queue.job set created_on = '2026-11-21T01:00:00Z' where name = 'heal'");
    const since: string[] = [];
    await queue.take("heal", 1, (taken) => {
      since.push(taken.since.toISOString());
      return Promise.resolve(since.length < 3 ? { kind: "later", afterMs: 1 } : { kind: "done" });
    });
    await until("it came three times", () => since.length === 3);
    expect(new Set(since)).toEqual(new Set(["2026-11-21T01:00:00.000Z"]));
  });

  it("goes on when its clock was a year ahead and is right again", async () => {
    let nowMs = 0;
    await using queue = await openTestQueue(server, { monotonicMs: () => nowMs });
    await queue.add([pruneOf("put-back"), pruneOf("given-up-then"), pruneOf("died")], {}, wait);
    const dead = await queue.take("prune", 1, ({ job }) =>
      Promise.resolve(
        job.tenant === "given-up-then"
          ? { kind: "failed", code: "store/refused", retryable: false }
          : { kind: "later", afterMs: 1000 },
      ),
    );
    await until("it is given up", async () =>
      (await queue.deadLetters(wait)).some(({ job }) => job.tenant === "given-up-then"),
    );
    await dead.stop();
    await sql(
      `update holdfast_queue.job set state = 'active', started_on = now(), heartbeat_on = now()
       where data #>> '{job,tenant}' = 'died' and state <> 'completed'`,
    );
    // As that clock left it.
    const columns = {
      job: ["created_on", "start_after", "started_on", "heartbeat_on", "completed_on"],
      queue: ["monitor_claim_on", "monitor_on", "maintain_on"],
    };
    for (const [table, names] of Object.entries(columns)) {
      const ahead = names.map((name) => `${name} = coalesce(${name}, now()) + interval '1 year'`);
      const live = table === "job" ? "where state in ('created', 'retry', 'active')" : "";
      await sql(`update holdfast_queue.${table} set ${ahead.join(", ")} ${live}`);
    }
    nowMs += 3_600_000;
    await queue.supervise(wait);
    const letters = await queue.deadLetters(wait);
    const letter = letters.find(({ job }) => job.tenant === "given-up-then");
    expect(letter?.at.getTime()).toBeLessThan(Date.now() + 60_000);
    // A minute later the worker that died has not been heard of.
    await sql("update holdfast_queue.job set heartbeat_on = heartbeat_on - interval '1 minute'");
    await sql("update holdfast_queue.queue set monitor_claim_on = monitor_claim_on - interval '1 minute'");
    await queue.supervise(wait);
    expect(await statesOf("died")).toContain("prune retry");
    const came: string[] = [];
    const taking = await queue.take("prune", 1, ({ job }) => {
      came.push(job.tenant);
      return Promise.resolve({ kind: "done" });
    });
    await until("what was put back comes", () => came.includes("put-back"));
    await taking.stop();
  });
});
