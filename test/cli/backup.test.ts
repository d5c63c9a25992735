/** `backup`, `list` and `show` as people and scripts meet them, over a real PostgreSQL and two directory stores. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { postgresAt, startProxy } from "../support/proxy.ts";
import { holdfastCli, type Ran } from "../support/transcript.ts";

let server: PrivateServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    "create table invoice (id int primary key, note text); insert into invoice select g, md5(g::text) from generate_series(1, 50000) g",
  );
  folder = await mkdtemp(join(tmpdir(), "holdfast-backup-"));
  const made = await holdfast(["init", "--tenant", "acme", "--tenant", "ghost"]);
  if (made.exit !== 0) throw new Error(made.stderr);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function holdfast(args: readonly string[]): Promise<Ran> {
  const env = { HOLDFAST_SOURCE_URL: urlOf(server, "postgres") };
  return holdfastCli(args, { cwd: folder, env, hide: { [folder]: "FOLDER" } });
}

const report = z.strictObject({
  tenant: z.string(),
  backup: z.string().nullable(),
  kind: z.string(),
  state: z.enum(["complete", "degraded", "failed"]),
  tables: z.int(),
  rows: z.int(),
  plainBytes: z.int(),
  uploadedBytes: z.int(),
  reusedBytes: z.int(),
  objects: z.int(),
  seconds: z.number(),
  copies: z.record(
    z.string(),
    z.strictObject({ state: z.enum(["present", "missing"]), reason: z.string().optional() }),
  ),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() }).optional(),
});

const listed = z.strictObject({
  tenant: z.string(),
  backup: z.string(),
  kind: z.string(),
  at: z.iso.datetime(),
  plainBytes: z.int(),
  suspect: z.boolean(),
  copies: z.record(
    z.string(),
    z.strictObject({
      state: z.enum(["present", "missing", "damaged"]),
      proof: z.strictObject({ verdict: z.string(), at: z.string() }).nullable(),
    }),
  ),
});

async function backUp(
  ...args: readonly string[]
): Promise<{ readonly ran: Ran; readonly reports: z.infer<typeof report>[] }> {
  const ran = await holdfast(["backup", ...args, "--json"]);
  return { ran, reports: z.array(report).parse(JSON.parse(ran.stdout)) };
}

async function listAll(...args: readonly string[]): Promise<z.infer<typeof listed>[]> {
  return z.array(listed).parse(JSON.parse((await holdfast(["list", ...args, "--json"])).stdout));
}

describe("a backup from the command line", () => {
  it("is complete, then listed and shown, and the next one reuses it", async () => {
    const first = await backUp("acme", "--kind", "daily");
    expect(first.ran).toMatchObject({ exit: 0, stderr: "" });
    expect(first.reports).toMatchObject([
      { tenant: "acme", kind: "daily", state: "complete", tables: 1, rows: 50_000, reusedBytes: 0 },
    ]);
    expect(first.reports[0]?.copies).toEqual({ one: { state: "present" }, two: { state: "present" } });
    const second = await backUp("acme");
    expect(second.reports[0]?.reusedBytes).toBeGreaterThan(500_000);

    const list = await listAll();
    expect(list.map(({ backup }) => backup)).toEqual([second.reports[0]?.backup, first.reports[0]?.backup]);
    expect(list[0]?.copies).toEqual({
      one: { state: "present", proof: null },
      two: { state: "present", proof: null },
    });
    const shown = await holdfast(["show", "acme", first.reports[0]?.backup ?? ""]);
    expect(shown.exit).toBe(0);
    expect(shown.stdout).toMatch(/^public\.invoice +50000 +1\.9 MB$/m);
    expect(shown.stdout).toMatch(/^kind +daily$/m);
  });

  it("is degraded, exit 4, while a store is gone, and lists its copy as missing", async () => {
    await rename(join(folder, "stores/two"), join(folder, "stores/away"));
    const { ran, reports } = await backUp("acme");
    await rename(join(folder, "stores/away"), join(folder, "stores/two"));
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toMatch(/^warning: acme: two is left out: /);
    expect(reports[0]).toMatchObject({
      state: "degraded",
      copies: { one: { state: "present" }, two: { state: "missing" } },
    });
    const [newest] = await listAll("acme");
    expect(newest?.copies).toMatchObject({ one: { state: "present" }, two: { state: "missing" } });
  });

  it("of a tenant whose database is gone fails by its own exit; with others it stops none, exit 1", async () => {
    const alone = await backUp("ghost");
    expect(alone.ran.exit).toBe(1);
    expect(alone.reports[0]).toMatchObject({
      state: "failed",
      backup: null,
      error: { code: "source/absent" },
    });
    expect(alone.ran.stderr).toMatch(/^error: ghost: .*\n {2}hint: does the database exist/);
    const both = await backUp("--all");
    expect(both.ran.exit).toBe(1);
    expect(both.reports.map(({ tenant, state }) => [tenant, state])).toEqual([
      ["acme", "complete"],
      ["ghost", "failed"],
    ]);
  });

  it("that is cancelled exits 130, that is killed not at all, and neither leaves a record", async () => {
    const before = (await listAll("acme")).length;
    await psql(
      server,
      "acme",
      "create table big as select g, md5(g::text) as a, md5((g + 1)::text) as b from generate_series(1, 100000) g",
    );
    expect(await signalledWhileReading("SIGINT")).toBe(130);
    expect(await signalledWhileReading("SIGKILL")).toBe("SIGKILL");
    expect((await listAll("acme")).length).toBe(before);
    expect((await backUp("acme")).reports[0]).toMatchObject({ state: "complete", rows: 150_000 });
  });
});

/** Resolves with how a backup ended that was sent the signal while it read rows, over a line on which that takes half a minute. */
async function signalledWhileReading(signal: NodeJS.Signals): Promise<number | string | null> {
  await using line = await startProxy(postgresAt(server));
  const { host, port } = line;
  const copying = 'copy "public"."big"';
  line.meets(copying, { kind: "answer-trickles", bytesPerSecond: 200_000 });
  const reading = line.hears(copying);
  const main = resolve(import.meta.dirname, "../../src/main.ts");
  const child = spawn(process.execPath, [main, "backup", "acme"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOLDFAST_SOURCE_URL: urlOf({ ...server, address: { ...server.address, host, port } }, "postgres"),
    },
    stdio: "ignore",
  });
  const closed = once(child, "close");
  await Promise.race([reading, closed]);
  child.kill(signal);
  await closed;
  return child.exitCode ?? child.signalCode;
}

describe("wrong usage", () => {
  it("is told, exit 2", async () => {
    for (const [args, message] of [
      [["backup"], "error: name tenants, or give --all, not both\n"],
      [["backup", "acme", "--all"], "error: name tenants, or give --all, not both\n"],
      [["backup", "nobody"], "error: there is no tenant nobody\n"],
      [["list", "nobody"], "error: there is no tenant nobody\n"],
      [["list", "No/body"], "error: No/body is no name of a tenant\n"],
      [["show", "acme", "latest"], "error: latest is no name of a backup\n"],
      [
        ["show", "acme", "20000101T000000Z-aaaaaa"],
        "error: no store holds a backup 20000101T000000Z-aaaaaa of acme\n",
      ],
    ] as const) {
      const ran = await holdfast(args);
      expect([ran.exit, ran.stdout, ran.stderr.split("  hint")[0]]).toEqual([2, "", message]);
    }
  });
});

describe("the stores alone", () => {
  it("are enough to list, for tenants that the configuration no longer names", async () => {
    expect(await readdir(join(folder, "stores/one/tenants"))).toContain("acme");
    const before = (await listAll("acme")).length;
    expect(before).toBeGreaterThan(0);
    const elsewhere = await mkdtemp(join(tmpdir(), "holdfast-backup-"));
    try {
      await holdfastCli(["init", elsewhere, "--tenant", "other"], { cwd: folder });
      await rm(join(elsewhere, "stores"), { recursive: true });
      await rm(join(elsewhere, "keys"), { recursive: true });
      await rename(join(folder, "stores"), join(elsewhere, "stores"));
      await rename(join(folder, "keys"), join(elsewhere, "keys"));
      const ran = await holdfastCli(["list", "--json"], { cwd: elsewhere, env: {} });
      expect(z.array(listed).parse(JSON.parse(ran.stdout)).length).toBe(before);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});
