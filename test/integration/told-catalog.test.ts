/** What commands do and find beside a catalog stands in its index and history at once, and a daemon acts on it without anybody's help. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { noProgress } from "../../src/base/progress.ts";
import type { Catalog, IndexedCopy, RunEntry } from "../../src/catalog/catalog.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { noteRun } from "../../src/desk/note-run.ts";
import { openDesk } from "../../src/desk/open-desk.ts";
import type { RunEnd } from "../../src/desk/run-ends.ts";
import type { Talk } from "../../src/desk/talk.ts";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { damage } from "../support/damage.ts";
import { daemonHere, daemonHome, type DaemonHome } from "../support/daemon-home.ts";
import { saidHere } from "../support/holdfast-here.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { objectsOf } from "../support/store-objects.ts";
import { until } from "../support/until.ts";

const wait = testWait();
const acme = tenantId.parse("acme");
let server: PrivateServer;
let house: DaemonHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t as select g, md5(g::text) from generate_series(1, 1000) g");
  house = await daemonHome(server, ["acme"]);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function command(args: readonly string[], exit: number): Promise<void> {
  const ended = await saidHere(args, house.env, house.home.folder);
  expect(ended.exit === exit ? "as expected" : ended.stderr).toBe("as expected");
}

async function lastRun(): Promise<RunEntry | undefined> {
  return (await house.catalog.history.recent({ tenant: acme, limit: 1 }, wait))[0];
}

async function copyInTwo(): Promise<IndexedCopy | undefined> {
  const [newest] = await house.catalog.index.backups(acme, wait);
  return newest?.copies.find(({ store }) => store === "two");
}

describe("a command beside a catalog", () => {
  it("leaves what it did in index and history, be it a backup, a proof, a scrub, a heal or a prune", async () => {
    await command(["backup", "acme"], 0);
    expect(await copyInTwo()).toMatchObject({ state: "present", proof: null });
    expect(await lastRun()).toMatchObject({ verb: "backup", kind: "manual", result: "done", code: null });

    const chunk = objectsOf(house.home.store("two"), "acme", "chunk")[0] ?? "";
    damage(house.home.store("two"), chunk, { kind: "flipped", where: { byte: 200 } });
    await command(["verify", "acme", "--store", "two"], 3);
    expect(await copyInTwo()).toMatchObject({ proof: { verdict: "refuted" } });
    expect(await lastRun()).toMatchObject({
      verb: "verify",
      result: "found",
      facts: { store: "two", verdict: "refuted" },
    });

    await command(["heal", "acme", "--store", "two", "--verify"], 0);
    expect(await copyInTwo()).toMatchObject({ state: "present", proof: { verdict: "proven" } });

    rmSync(join(house.home.store("two"), chunk));
    await command(["scrub", "acme", "--store", "two"], 3);
    expect(await copyInTwo()).toMatchObject({ state: "damaged" });
    expect(await lastRun()).toMatchObject({ verb: "scrub", result: "found", facts: { missing: 1 } });

    await command(["heal", "acme", "--store", "two"], 0);
    expect(await lastRun()).toMatchObject({ verb: "heal", result: "done", facts: { healed: 1 } });
    await command(["prune", "acme"], 0);
    expect(await lastRun()).toMatchObject({ verb: "prune", result: "done" });
    expect(await house.catalog.index.prunesDue(new Date(Date.now() - 3_600_000), 10, wait)).toEqual([]);
  });

  it("leaves no prune that was only tried out", async () => {
    const before = await lastRun();
    await command(["prune", "acme", "--dry-run"], 0);
    expect(await lastRun()).toEqual(before);
  });

  it("leaves in history that it failed, and with what, unless it was only asked wrongly", async () => {
    const failing = noted(house.catalog, [], async () =>
      Promise.reject(new Failure("store/unreachable", "two is away")),
    );
    await expect(failing).rejects.toThrow("two is away");
    expect(await lastRun()).toMatchObject({ verb: "heal", result: "failed", code: "store/unreachable" });
    await command(["verify", "acme", "--backup", "20200101T000000Z-aaaaaa"], 2);
    expect(await lastRun()).toMatchObject({ verb: "heal" });
  });

  it("has all the time there is for noting it, however long its work took", async () => {
    const limits = vi.spyOn(AbortSignal, "timeout");
    const noteLimitMs = 300_000;
    try {
      await noted(house.catalog, [], () => {
        expect(limits.mock.calls.flat()).not.toContain(noteLimitMs);
        return Promise.resolve("done");
      });
      expect(limits.mock.calls.flat()).toContain(noteLimitMs);
    } finally {
      limits.mockRestore();
    }
  });

  it("has done its work all the same when the catalog goes away meanwhile", async () => {
    const gone = (): Promise<never> =>
      Promise.reject(new Failure("catalog/unreachable", "the catalog is gone"));
    const { index, history } = house.catalog;
    const lines: string[] = [];
    const dead: Catalog = {
      ...house.catalog,
      index: { ...index, refresh: gone },
      history: { ...history, add: gone },
    };
    expect(await noted(dead, lines, () => Promise.resolve("done"))).toBe("done");
    expect(lines).toEqual(
      Array(2).fill("warning: acme: the catalog could not be told of it: the catalog is gone"),
    );
  });

  it("is dated by the catalog's clock, or a host a year ahead would put off for a year what is due next", async () => {
    const ahead = { now: () => new Date(systemClock.now().getTime() + 365 * 86_400_000) };
    const lines: string[] = [];
    await noted(house.catalog, lines, () => Promise.resolve("done"), ahead);
    const run = await lastRun();
    const now = await house.catalog.now(wait);
    expect(run?.verb).toBe("heal");
    expect(run?.startedAt.getTime()).toBeLessThanOrEqual(now.getTime());
    expect(run?.endedAt.getTime()).toBeLessThan(now.getTime() + 60_000);
    expect(lines).toEqual([]);
  });
});

/** Work on acme as a command does it, told to that catalog; `lines` gets what it says. */
async function noted(
  catalog: Catalog,
  lines: string[],
  work: () => Promise<string>,
  clock = systemClock,
): Promise<string> {
  const machine: Machine = {
    clock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: { ...house.env },
    cwd: house.home.folder,
    version: "0.0.0",
    packageFolder: "/",
    hostName: "test",
    uid: process.getuid?.() ?? -1,
  };
  const config = await loadConfig(join(house.home.folder, "holdfast.yaml"), machine.env);
  await using desk = await openDesk(config, machine, wait);
  const talk: Talk = { say: (line) => lines.push(line), progress: () => noProgress };
  const ends = (): readonly RunEnd[] => [{ result: "done", code: null, facts: {} }];
  return await noteRun({ desk, catalog, talk }, { tenant: acme, verb: "heal", kind: null, ends }, work, wait);
}

describe("a daemon beside which a copy is found bad", () => {
  it("heals what a proof refuted, and proves it again", async () => {
    house.home.set({ "daemon.jobs.verify": 1 });
    await using daemon = await daemonHere(house);
    await until("all is proven", async () => {
      const [newest] = await house.catalog.index.backups(acme, wait);
      return newest?.copies.every(({ proof }) => proof?.verdict === "proven") === true ? newest : null;
    });
    const chunk = objectsOf(house.home.store("two"), "acme", "chunk")[0] ?? "";
    damage(house.home.store("two"), chunk, { kind: "flipped", where: { byte: 200 } });
    const from = daemon.lines.length;
    await command(["verify", "acme", "--store", "two"], 3);
    await until("it is whole and proven", async () => {
      const copy = await copyInTwo();
      return copy?.state === "present" && copy.proof?.verdict === "proven" ? copy : null;
    });
    const ended = daemon.lines
      .slice(from)
      .filter(({ message, queue }) => message === "job ended" && queue !== "replicate");
    expect(ended).toMatchObject([
      { queue: "heal", result: "done", healed: 1 },
      { queue: "verify", result: "done", verdict: "proven" },
    ]);
    const [health] = await house.catalog.index.health(wait);
    expect(health?.refutedCopies).toBe(0);

    // And what a scrub by hand found missing.
    rmSync(join(house.home.store("two"), chunk));
    await command(["scrub", "acme", "--store", "two"], 3);
    await until("it is whole again", async () => ((await copyInTwo())?.state === "present" ? true : null));
  });

  it("does not begin again and again what no store can mend", async () => {
    const chunk = objectsOf(house.home.store("two"), "acme", "chunk")[0] ?? "";
    for (const store of ["one", "two"] as const) rmSync(join(house.home.store(store), chunk));
    await command(["scrub", "acme", "--store", "two"], 3);
    expect(await house.catalog.index.healsDue(10, wait)).toEqual([
      { tenant: "acme", store: expect.stringMatching(/^(one|two)$/) },
      { tenant: "acme", store: expect.stringMatching(/^(one|two)$/) },
    ]);
    await command(["heal", "acme"], 3);
    expect(await house.catalog.index.healsDue(10, wait)).toEqual([]);
    expect(await house.catalog.index.healedUnproven(10, wait)).toEqual([]);
  });
});
