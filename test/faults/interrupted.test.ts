/**
 * Verify and restore that are interrupted or killed, or lose their scratch server or its disk, leave nothing
 * that counts: no proof, no half-made database that looks whole; and the next run cleans up (promises 5 and 11).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { objectsOf } from "../support/store-objects.ts";
import { postgresAt, type Proxy, startProxy } from "../support/proxy.ts";
import { type Running, tenantHome, type TenantHome } from "../support/tenant-home.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let home: TenantHome;
let line: Proxy;
let proofs: number;

beforeAll(async () => {
  server = await startTestServer();
  await psql(server, "postgres", "create role ledger_clerk");
  await createDatabase(server, "acme", "template template0 owner ledger_clerk");
  await psql(
    server,
    "acme",
    `create table invoice (id int, note text);
     insert into invoice select g, repeat(md5(g::text), 4) from generate_series(1, 400000) g`,
  );
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  await home.json(["backup", "acme"]);
  line = await startProxy(postgresAt(server));
});

afterAll(async () => {
  await line[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  proofs = proofCount();
});

function proofCount(): number {
  return ["one", "two"].reduce(
    (sum, name) => sum + objectsOf(home.store(name === "one" ? "one" : "two"), "acme", "proof").length,
    0,
  );
}

/** Folders of scratch servers, each with the note of its owner beside it. */
function scratchServers(): string[] {
  return existsSync(home.scratch)
    ? readdirSync(home.scratch).filter((name) => name.startsWith("server-"))
    : [];
}

/** The scratch server's process, once it has one. */
function scratchPid(): number | null {
  const note = scratchServers().find((name) => name.endsWith(".json"));
  if (note === undefined) return null;
  const text = readFileSync(join(home.scratch, note), "utf8");
  const { server: found } = z
    .object({ server: z.object({ pid: z.int() }).nullable() })
    .parse(JSON.parse(text));
  return found?.pid ?? null;
}

/** Whether rows are on their way into scratch: a data file beside those of an empty cluster has grown large. */
function scratchLoads(): boolean {
  const folder = scratchServers().find((name) => !name.endsWith(".json"));
  if (folder === undefined) return false;
  const base = join(home.scratch, folder, "data", "base");
  if (!existsSync(base)) return false;
  return readdirSync(base).length > 3;
}

function verify(): Running {
  return home.start(["verify", "acme", "--store", "one", "--json"]);
}

async function verifiesAgain(): Promise<void> {
  expect(await home.json(["verify", "acme", "--store", "one"])).toMatchObject([{ verdict: "proven" }]);
  expect(scratchServers()).toEqual([]);
}

const moments: [string, () => unknown][] = [
  ["the scratch server starts", scratchPid],
  ["rows are loaded", scratchLoads],
];

describe.each(moments)("a verification, when %s", (what, look) => {
  it("that is interrupted exits 130 and leaves neither server nor proof", async () => {
    const running = verify();
    await until(what, () => look() !== null && look() !== false);
    running.kill("SIGINT");
    const ended = await running.ended;
    expect([ended.exit, JSON.parse(ended.stdout)]).toMatchObject([
      130,
      { error: { code: "wait/cancelled" } },
    ]);
    expect(scratchServers()).toEqual([]);
    expect(proofCount()).toBe(proofs);
  });

  it("that is killed leaves no proof, its server dies with it, and the next run wipes what is left", async () => {
    const running = verify();
    await until(what, () => look() !== null && look() !== false);
    const pid = await until("a scratch server", scratchPid);
    running.kill("SIGKILL");
    expect((await running.ended).signal).toBe("SIGKILL");
    expect(proofCount()).toBe(proofs);
    await until("the end of the scratch server", () => !existsSync(`/proc/${String(pid)}`));
    await verifiesAgain();
  });
});

describe("a verification", () => {
  it("whose scratch server is killed is inconclusive, exit 1", async () => {
    const running = verify();
    await until("rows in scratch", scratchLoads);
    process.kill(await until("a scratch server", scratchPid), "SIGKILL");
    const ended = await running.ended;
    expect(ended).toMatchObject({ exit: 1 });
    expect(JSON.parse(ended.stdout)).toMatchObject([
      { verdict: "inconclusive", error: { code: "scratch/lost" } },
    ]);
    await verifiesAgain();
  });

  it.each([
    ["does not even hold the server", 48],
    ["fills while rows are loaded", 120],
  ])("whose scratch disk %s is inconclusive, exit 1, never refuted", async (_what, megabytes) => {
    const disk = join(home.folder, "state", "disk");
    using _path = home.set({ "scratch.path": `${disk}/scratch` });
    const mounts = [
      `mkdir -p ${disk}`,
      `mount -t tmpfs -o size=${String(megabytes)}m,mode=0711 tmpfs ${disk}`,
    ];
    const ended = await home.run(["verify", "acme", "--store", "one", "--json"], { mounts });
    expect(ended).toMatchObject({ exit: 1 });
    expect(JSON.parse(ended.stdout)).toMatchObject([{ verdict: "inconclusive" }]);
    const code = z.array(z.object({ error: z.object({ code: z.string() }) })).parse(JSON.parse(ended.stdout));
    expect(["scratch/room", "scratch/lost"]).toContain(code[0]?.error.code);
    expect(ended.stdout).not.toContain('"failed"');
  });
});

const refused = z.object({ error: z.object({ code: z.string(), hint: z.string() }) });

/** Restores on another server would do as well; what matters is that the database is not there yet. */
function restore(): Running {
  const { host, port } = line;
  const to = urlOf({ ...server, address: { ...server.address, host, port } }, "back");
  return home.start(["restore", "acme", "--to", to, "--json"]);
}

/** So slow that it goes on for minutes, whatever the machine; new connections are as fast as ever. */
const bytesPerSecond = 300_000;

/** A restore whose rows have begun to flow to the target. */
async function restoreWithRowsUnderWay(): Promise<Running> {
  line.meets(/^d.*\t/s, { kind: "saying-trickles", bytesPerSecond });
  const flow = line.hears(/^d.*\t/s);
  const running = restore();
  await flow;
  return running;
}

/** A restore that has loaded everything and reads the first rows of it again. */
async function restoreThatCompares(): Promise<Running> {
  line.meets(/copy .* to stdout/s, { kind: "answer-trickles", bytesPerSecond });
  const asked = line.hears(/copy .* to stdout/s);
  const running = restore();
  await asked;
  return running;
}

async function left(): Promise<string> {
  return psql(
    server,
    "postgres",
    `select 'database ' || datname from pg_database where datname = 'back'
     union all select 'role' from pg_roles where rolname ~ '^holdfast_'`,
  );
}

describe("a restore", () => {
  it("that is interrupted exits 130 and drops what it made", async () => {
    await verifiesAgain();
    const running = await restoreWithRowsUnderWay();
    running.kill("SIGINT");
    expect((await running.ended).exit).toBe(130);
    expect(await left()).toBe("");
  });

  it("that is killed leaves a target that is refused with what to do, and goes on after that was done", async () => {
    const running = await restoreWithRowsUnderWay();
    running.kill("SIGKILL");
    await running.ended;
    const again = await restore().ended;
    expect(again.exit).toBe(6);
    const { error } = refused.parse(JSON.parse(again.stdout));
    expect(error.code).toBe("target/occupied");
    const [, database, role] =
      /^a restore was broken off here: drop database (\S+), then role (\S+), and restore again$/.exec(
        error.hint,
      ) ?? [];
    await psql(server, "postgres", `drop database ${database ?? ""} with (force); drop role ${role ?? ""}`);
    expect(await left()).toBe("");
    expect((await restore().ended).exit).toBe(0);
    await psql(server, "postgres", "drop database back");
  });

  it("that is killed while it compares leaves what is told not to have been compared", async () => {
    const running = await restoreThatCompares();
    running.kill("SIGKILL");
    await running.ended;
    const again = await restore().ended;
    const { error } = refused.parse(JSON.parse(again.stdout));
    expect([again.exit, error.code]).toEqual([6, "target/occupied"]);
    const [, role = ""] =
      /^a restore had ended its load here and was broken off before it had compared it with the backup, and what it could not load is not known any more: drop database back, then role (\S+), and restore again; or keep it as it is, and drop role \1, or where that owns something: comment on role \1 is null$/.exec(
        error.hint.replaceAll('"', ""),
      ) ?? [];
    await psql(server, "postgres", `drop database back with (force); drop role ${role}`);
    expect(await left()).toBe("");
  });

  it("that is interrupted while it compares exits 130 and tells what is left of it", async () => {
    const running = await restoreThatCompares();
    running.kill("SIGINT");
    const ended = await running.ended;
    const { error } = refused.parse(JSON.parse(ended.stdout));
    expect([ended.exit, error.code]).toEqual([130, "wait/cancelled"]);
    const [, role = ""] =
      /^back was loaded but not compared with the backup: drop database back, then role (\S+), and restore again; or keep it as it is, and drop role \1/.exec(
        error.hint.replaceAll('"', ""),
      ) ?? [];
    await psql(server, "postgres", `drop database back with (force); drop role ${role}`);
    expect(await left()).toBe("");
  });

  it("whose target dies exits 1 and can be tried again", async () => {
    const running = await restoreWithRowsUnderWay();
    await psql(
      server,
      "postgres",
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'back'",
    );
    const ended = await running.ended;
    expect(ended.exit).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: "target/lost" } });
    expect(await left()).toBe("");
  });
});
