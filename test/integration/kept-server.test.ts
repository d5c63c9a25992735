/** The embedded catalog's server is shared by the processes of a host, stopped by the last one, and survives whatever kills them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemChance } from "../../src/base/chance.ts";
import { type Failure, isFailure } from "../../src/base/failure.ts";
import { connectCatalog } from "../../src/catalog/connect-catalog.ts";
import { type KeptServer, openKeptServer } from "../../src/postgres/server/kept-server.ts";
import { readPostmaster } from "../../src/postgres/server/postmaster-file.ts";
import { testRunAs, testWait } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";
import { passableFolder } from "../support/passable-folder.ts";

const runAs = testRunAs();
let home: string;
let folder: string;

beforeEach(async () => {
  home = await passableFolder("holdfast-kept-");
  folder = join(home, "catalog");
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const optionsIn = (where: string) =>
  ({ folder: where, binFolders: [], runAs, database: "holdfast", chance: systemChance }) as const;

async function open(where = folder): Promise<KeptServer> {
  const opened = await openKeptServer(optionsIn(where), "start", testWait());
  if (opened === null) throw new Error("it was to be started");
  return opened;
}

async function ask({ address }: KeptServer, sql: string): Promise<unknown[]> {
  const client = new Client({ ...address, password: address.password ?? "", ssl: false });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const pidOf = async (): Promise<number | undefined> => (await readPostmaster(join(folder, "data")))?.pid;

function lives(pid: number): boolean {
  return existsSync(`/proc/${String(pid)}/status`);
}

describe("a kept server", () => {
  it("keeps its data and its durability over a stop, its password to us, and starts nothing when only asked whether it runs", async () => {
    expect(await openKeptServer(optionsIn(folder), "only-running", testWait())).toBeNull();
    {
      await using server = await open();
      await ask(server, "create table kept as select 42 as answer");
      const [settings] = await ask(
        server,
        "select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages, current_setting('restart_after_crash') as again",
      );
      expect(settings).toEqual({ fsync: "on", pages: "on", again: "on" });
    }
    expect((await stat(join(folder, "password"))).mode & 0o777).toBe(0o600);
    expect(await pidOf()).toBeUndefined();
    expect(await openKeptServer(optionsIn(folder), "only-running", testWait())).toBeNull();
    await using again = await open();
    expect(await ask(again, "select answer from kept")).toEqual([{ answer: 42 }]);
  });

  it("is one server for all who ask for it at once, and stopped by the last to leave", async () => {
    const opened = await Promise.all([open(), open(), open()]);
    const seen = await openKeptServer(optionsIn(folder), "only-running", testWait());
    expect(new Set(opened.map(({ address }) => JSON.stringify(address))).size).toBe(1);
    for (const one of opened) await one[Symbol.asyncDispose]();
    const pid = await pidOf();
    if (seen === null || pid === undefined) throw new Error("it was to run still");
    expect(await ask(seen, "select 1 as one")).toEqual([{ one: 1 }]);
    await seen[Symbol.asyncDispose]();
    expect(await pidOf()).toBeUndefined();
  });

  it("left behind by a killed process is found and used by the next", async () => {
    const module = resolve(import.meta.dirname, "../../src/postgres/server/kept-server.ts");
    const options = JSON.stringify({ folder, binFolders: [], runAs, database: "holdfast" });
    const script = `import { randomBytes } from "node:crypto";
      import { openKeptServer } from ${JSON.stringify(module)};
      const options = { ...${options}, chance: randomBytes };
      await openKeptServer(options, "start", { signal: new AbortController().signal });
      console.log("open"); setInterval(() => 0, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(starter, "exit");
    await Promise.race([once(starter.stdout, "data"), ended]);
    starter.kill("SIGKILL");
    await ended;
    const pid = await pidOf();
    expect(pid).toBeDefined();
    {
      await using next = await open();
      expect(await pidOf()).toBe(pid);
      expect(await ask(next, "select 1 as one")).toEqual([{ one: 1 }]);
    }
    expect(await pidOf()).toBeUndefined();
  });

  it("that was killed itself is started again under those who use it, and a catalog open on it goes on", async () => {
    await using server = await open();
    await using catalog = await connectCatalog(server.address, {}, testWait());
    const claim = { kind: "source", source: "erp", places: 1 } as const;
    const held = await catalog.claims.tryTake(claim, testWait());
    const pid = await pidOf();
    if (pid === undefined) throw new Error("it was to run");
    process.kill(pid, "SIGKILL");
    await until("another server", async () => {
      const now = await pidOf();
      return now !== undefined && now !== pid && lives(now);
    });
    const codes = new Set<string>();
    await until("an answer of it", () =>
      catalog.now(testWait()).catch((error: unknown) => {
        codes.add(isFailure(error) ? error.code : String(error));
        return null;
      }),
    );
    expect([...codes].filter((code) => code !== "catalog/unreachable")).toEqual([]);
    await held?.[Symbol.asyncDispose]();
    expect(await catalog.claims.tryTake(claim, testWait())).not.toBeNull();
  });

  it("that hangs is left running by who leaves, who does not hang with it", async () => {
    const server = await open();
    const [keeper] = await ask(
      server,
      "select pid from pg_stat_activity where application_name = 'holdfast-keeper'",
    );
    const { pid } = z.object({ pid: z.int() }).parse(keeper);
    process.kill(pid, "SIGSTOP");
    try {
      await server[Symbol.asyncDispose]();
      expect(await pidOf()).toBeDefined();
    } finally {
      process.kill(pid, "SIGCONT");
    }
    // Nobody is there any more to hold it: the next one to leave stops it.
    await (await open())[Symbol.asyncDispose]();
    expect(await pidOf()).toBeUndefined();
  });

  it("that does not start again is told of once, and started when it can be", async () => {
    const told: Failure[] = [];
    const opened = await openKeptServer(
      { ...optionsIn(folder), onTrouble: (failure) => told.push(failure) },
      "start",
      testWait(),
    );
    if (opened === null) throw new Error("it was to be started");
    await using server = opened;
    const pid = await pidOf();
    if (pid === undefined) throw new Error("it was to run");
    const versionFile = join(folder, "data", "PG_VERSION");
    const version = await readFile(versionFile, "utf8");
    await writeFile(versionFile, "9\n");
    process.kill(pid, "SIGKILL");
    await until("trouble", () => told.length > 0);
    await writeFile(versionFile, version);
    await until("another server", async () => ask(server, "select 1 as one").catch(() => null));
    expect(told.map(({ code, message }) => [code, message.includes("PostgreSQL 9")])).toEqual([
      ["catalog/failed", true],
    ]);
  });

  it.each(["is being started again", "has just been started again"])(
    "that %s is stopped by the last to leave",
    async (moment) => {
      const server = await open();
      const pid = await pidOf();
      if (pid === undefined) throw new Error("it was to run");
      process.kill(pid, "SIGKILL");
      await until("another server", async () => {
        const now = await pidOf();
        if (now === undefined || now === pid || !lives(now)) return null;
        return moment === "is being started again" ? now : ask(server, "select").catch(() => null);
      });
      await server[Symbol.asyncDispose]();
      expect(await pidOf()).toBeUndefined();
    },
  );

  it("whose start is called off does not go on running", async () => {
    const called = new AbortController();
    const opened = openKeptServer(optionsIn(folder), "start", { signal: called.signal }).catch(
      (error: unknown) => error,
    );
    await until("a server", pidOf);
    called.abort();
    expect(await opened).toMatchObject({ code: "wait/cancelled" });
    expect(await pidOf()).toBeUndefined();
  });

  it("starts although a process of its user has the number that a crash left in postmaster.pid", async () => {
    await (await open())[Symbol.asyncDispose]();
    const other = spawn("sleep", ["60"], { stdio: "ignore", ...runAs });
    await once(other, "spawn");
    const data = join(folder, "data");
    const stale = [
      other.pid,
      data,
      1_700_000_000,
      5432,
      join(folder, "run"),
      "",
      "  5432001         0",
      "ready   ",
    ];
    await writeFile(join(data, "postmaster.pid"), `${stale.join("\n")}\n`);
    await using server = await open();
    expect(await ask(server, "select 1 as one")).toEqual([{ one: 1 }]);
    other.kill();
  });

  it("has its socket elsewhere when its folder lies deep, at the same place each time", async () => {
    const deep = join(home, "d".repeat(60), "e".repeat(60));
    await mkdir(deep, { recursive: true });
    const hosts: string[] = [];
    for (const _ of [1, 2]) {
      await using server = await open(deep);
      hosts.push(server.address.host);
      expect(await ask(server, "select 1 as one")).toEqual([{ one: 1 }]);
    }
    expect(hosts[0]?.startsWith(home)).toBe(false);
    expect(hosts[1]).toBe(hosts[0]);
    await rm(hosts[0] ?? "", { recursive: true });
  });

  it("of a version that is not installed says so, and how to go on", async () => {
    await mkdir(join(folder, "data"), { recursive: true });
    await writeFile(join(folder, "data", "PG_VERSION"), "9\n");
    await expect(open()).rejects.toMatchObject({
      code: "catalog/failed",
      message: expect.stringContaining("PostgreSQL 9"),
      hint: expect.stringContaining("postgresql-9"),
    });
    expect(await readFile(join(folder, "data", "PG_VERSION"), "utf8")).toBe("9\n");
  });
});
