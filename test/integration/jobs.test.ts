/** What a worker does with a job in bad luck, and what planner and discovery do, one step at a time. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { orAbort, type Waiting } from "../../src/base/waiting.ts";
import type { Index } from "../../src/catalog/catalog.ts";
import type { DeadLetter, JobQueue, NewJob, QueueCount, TakenJob } from "../../src/catalog/queue.ts";
import { discoverTenants } from "../../src/daemon/discover-tenants.ts";
import type { JobWork } from "../../src/daemon/job-work.ts";
import { createPlanner } from "../../src/daemon/plan-work.ts";
import { createRefresher } from "../../src/daemon/refresh-stalest.ts";
import type { Shop } from "../../src/daemon/shop.ts";
import { verifyWork } from "../../src/daemon/verify-work.ts";
import { workJob } from "../../src/daemon/work-job.ts";
import { backupId, storeName, type TenantId, tenantId } from "../../src/model/ids.ts";
import type { JobOf } from "../../src/model/job.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { daemonHome, type DaemonHome } from "../support/daemon-home.ts";
import { createDatabase, startTestServer, testWait } from "../support/postgres-server.ts";
import { openTestQueue } from "../support/queue-fixture.ts";
import { type ShopHere, shopHere } from "../support/shop-here.ts";

const wait = testWait();
const hourMs = 3_600_000;
const acme = tenantId.parse("acme");
const stranger = tenantId.parse("stranger");
const one = storeName.parse("one");
const two = storeName.parse("two");
const backup = backupId.parse("20261121T013000Z-aaaaaa");
let server: PrivateServer;
let house: DaemonHome;
let queue: JobQueue;
let here: ShopHere;
let shop: Shop;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  house = await daemonHome(server, ["acme"]);
  queue = await openTestQueue(server, { database: house.database, hostName: "test" });
  here = await shopHere(house, queue);
  shop = here.shop;
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  await queue[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function withIndex(index: Partial<Index>): Shop {
  return { ...shop, catalog: { ...shop.catalog, index: { ...shop.catalog.index, ...index } } };
}

function replicating(tenant: TenantId, since = new Date()): { job: JobOf<"replicate">; taken: TakenJob } {
  const job = { queue: "replicate", tenant } as const;
  return { job, taken: { job, source: null, id: "1", attempt: 0, begun: false, since, last: false } };
}

function workOf(parts: Partial<JobWork<"replicate">>): JobWork<"replicate"> {
  const run = (): Promise<null> => Promise.resolve(null);
  return { limitMs: hourMs, givesWay: false, claims: () => [], run, ...parts };
}

/** As work does that is not told to end. */
async function untilOver(of: Waiting): Promise<never> {
  return orAbort(Promise.withResolvers<never>().promise, of);
}

describe("a job of a tenant that this host does not know", () => {
  it("waits for a host that does, for as long as somebody has the tenant, and for a day after it was put in", async () => {
    const patient: Shop = { ...shop, pace: { ...shop.pace, goneAfterMs: hourMs } };
    const old = new Date(Date.now() - 2 * hourMs);
    expect(await workJob(patient, workOf({}), replicating(stranger), wait)).toMatchObject({ kind: "later" });
    const known = { ...patient, ...withIndex({ known: () => Promise.resolve(new Set([stranger])) }) };
    expect(
      await workJob({ ...known, pace: patient.pace }, workOf({}), replicating(stranger, old), wait),
    ).toMatchObject({ kind: "later" });
    expect(await workJob(patient, workOf({}), replicating(stranger, old), wait)).toEqual({ kind: "done" });
  });
});

describe("a job", () => {
  it("that takes longer than it may is given up, and takes no place again", async () => {
    const work = workOf({ limitMs: 50, run: ({ wait: of }) => untilOver(of) });
    expect(await workJob(shop, work, replicating(acme), wait)).toEqual({
      kind: "failed",
      code: "wait/expired",
      retryable: false,
    });
  });

  it("that can go on later gives way to a backup of its tenant that waits, and to no other", async () => {
    const at = new Date().toISOString();
    const job = { queue: "backup", tenant: acme, kind: "daily", slot: `acme/${at}`, at } as const;
    expect(await queue.backupWaits(acme, wait)).toBe(false);
    await queue.add([{ job, source: null }], { afterMs: 10 * 60_000 }, wait);
    expect(await queue.backupWaits(acme, wait)).toBe(false);
    await queue.add([{ job, source: null }], {}, wait);
    expect(await queue.backupWaits(stranger, wait)).toBe(false);
    const work = workOf({ givesWay: true, run: ({ wait: of }) => untilOver(of) });
    const short: Shop = { ...shop, pace: { ...shop.pace, turnMs: 20 } };
    expect(await workJob(short, work, replicating(acme), wait)).toMatchObject({ kind: "later" });
    expect(here.said).toContain("job put back, a backup of its tenant waits");
  });

  it("that ended is indexed though the catalog is away for longer than a look at the stores may take", async () => {
    const awayUntil = performance.now() + 2500;
    let indexed = 0;
    const away = withIndex({
      refresh: (...given) => {
        if (performance.now() < awayUntil) throw new Failure("catalog/unreachable", "away");
        indexed += 1;
        return shop.catalog.index.refresh(...given);
      },
    });
    const run = (): ReturnType<JobWork<"replicate">["run"]> =>
      Promise.resolve({ result: "done", facts: {}, failed: null });
    const short: Shop = { ...away, pace: { ...shop.pace, indexLimitMs: 2000 } };
    expect(await workJob(short, workOf({ run }), replicating(acme), wait)).toEqual({ kind: "done" });
    expect(indexed).toBe(1);
  });

  it("that proves a copy does nothing when another one has done it since it was put in", async () => {
    const proof = { verdict: "proven", at: new Date() } as const;
    const proven = withIndex({
      backups: () =>
        Promise.resolve([
          {
            backup,
            kind: "daily",
            at: proof.at,
            finishedAt: proof.at,
            plainBytes: 1,
            sealedBytes: 1,
            suspect: false,
            copies: [{ store: one, state: "present", proof }],
          },
        ]),
    });
    const job = { queue: "verify", tenant: acme, backup, store: one } as const;
    const since = new Date(proof.at.getTime() - hourMs);
    const taken: TakenJob = { job, source: null, id: "1", attempt: 0, begun: false, since, last: false };
    expect(await workJob(proven, verifyWork, { job, taken }, wait)).toEqual({ kind: "done" });
    expect(here.said).toContain("job ended, there was nothing to do");
  });
});

describe("the planner", () => {
  interface Planned {
    readonly added: NewJob[];
    readonly dropped: DeadLetter[];
  }

  /** One round over that index, with queues that hold so much. */
  async function planned(
    index: Partial<Index>,
    queues: { readonly counts?: readonly QueueCount[]; readonly dead?: readonly DeadLetter[] },
    down: readonly string[] = [],
  ): Promise<Planned> {
    const none = (): Promise<[]> => Promise.resolve([]);
    const quiet = { proofsDue: none, healedUnproven: none, healsDue: none, lackingCopies: none };
    const seen: Planned = { added: [], dropped: [] };
    const { dead = [], counts = [] } = queues;
    const base = withIndex({ ...quiet, scrubsDue: none, prunesDue: none, ...index });
    const told: JobQueue = {
      ...queue,
      add: (jobs) => Promise.resolve(void seen.added.push(...jobs)),
      counts: () => Promise.resolve([...counts, { queue: "backup", state: "dead", jobs: dead.length }]),
      deadLetters: () => Promise.resolve(dead),
      dropDeadLetters: (letters) => Promise.resolve(void seen.dropped.push(...letters)),
    };
    const planner = createPlanner({ ...base, queue: told });
    await planner.plan(shop.household.current(), new Set(down.map((name) => storeName.parse(name))), wait);
    return seen;
  }

  function letterOf(slot: string, hoursAgo: number, code = "source/unreachable"): DeadLetter {
    const job = {
      queue: "backup",
      tenant: acme,
      kind: "daily",
      slot,
      at: `2026-11-${slot}T01:30:00.000Z`,
    } as const;
    const at = new Date(Date.now() - hoursAgo * hourMs);
    return { id: slot, queue: "backup", job, key: "acme/daily", code, at };
  }

  it("goes on while jobs are put back or tried again, and waits while enough are ready", async () => {
    const lackingCopies = (): Promise<TenantId[]> => Promise.resolve([acme]);
    const of = (state: "ready" | "deferred"): readonly QueueCount[] => [
      { queue: "replicate", state, jobs: 8 },
    ];
    expect((await planned({ lackingCopies }, { counts: of("deferred") })).added).toHaveLength(1);
    expect((await planned({ lackingCopies }, { counts: of("ready") })).added).toEqual([]);
  });

  it("heals no store that is down, and looks farther than what rests", async () => {
    const strange = Array.from({ length: 300 }, () => ({ tenant: stranger, store: one }));
    const due = [...strange, { tenant: acme, store: two }, { tenant: acme, store: one }];
    const healsDue: Index["healsDue"] = (limit) => Promise.resolve(due.slice(0, limit));
    const { added } = await planned({ healsDue }, {}, ["two"]);
    expect(added.map(({ job }) => job)).toEqual([{ queue: "heal", tenant: acme, store: "one" }]);
  });

  it("puts the newest slot that was given up back after an hour, and its letters away", async () => {
    const letters = [letterOf("20", 30), letterOf("21", 2)];
    const { added, dropped } = await planned({}, { dead: letters });
    expect(added).toMatchObject([{ job: { slot: "21" }, source: { name: "main" } }]);
    expect(dropped).toEqual(letters);
    expect((await planned({}, { dead: [letterOf("21", 0.5)] })).added).toEqual([]);
  });

  it("puts back no slot that took as long as any may, and keeps its letter", async () => {
    expect(await planned({}, { dead: [letterOf("21", 30, "wait/expired")] })).toEqual({
      added: [],
      dropped: [],
    });
  });

  it("drops letters only of tenants that nobody has", async () => {
    const letter: DeadLetter = {
      ...letterOf("21", 0),
      job: { ...replicating(stranger).job },
      queue: "replicate",
    };
    const known = (): Promise<ReadonlySet<TenantId>> => Promise.resolve(new Set([stranger]));
    expect((await planned({ known }, { dead: [letter] })).dropped).toEqual([]);
    expect((await planned({}, { dead: [letter] })).dropped).toEqual([letter]);
  });
});

describe("what is known of tenants", () => {
  it("is written though a source that discovery names never answers", async () => {
    using _ = house.home.set({
      "sources.away": { url: "postgres://nobody@127.0.0.1:1/none" },
      discover: [{ source: "away", databases: "*", plan: "standard" }],
    });
    await using fresh = await shopHere(house, queue);
    expect(await shop.catalog.index.known([acme], wait)).toEqual(new Set());
    await discoverTenants(fresh.shop, wait);
    expect(fresh.shop.household.isSure()).toBe(false);
    expect(await shop.catalog.index.known([acme], wait)).toEqual(new Set([acme]));
  });

  it("is read again though many are not ours to read", async () => {
    const names = Array.from({ length: 20 }, (_, n) => tenantId.parse(`other-${String(n)}`));
    const read: string[] = [];
    const stale = withIndex({
      stalest: (limit) =>
        Promise.resolve(
          [...names, acme]
            .filter((tenant) => !read.includes(tenant))
            .slice(0, limit)
            .map((tenant) => ({ tenant, refreshedAt: null })),
        ),
      refresh: (tenant) => Promise.resolve(void read.push(tenant)),
    });
    await createRefresher(stale).refresh(wait);
    expect(read).toEqual(["acme"]);
  });
});
