/** Real PostgreSQL for tests: one private server each, and the stock `psql` to speak to it. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemChance } from "../../src/base/chance.ts";
import { run } from "../../src/base/program.ts";
import { within, type Waiting } from "../../src/base/waiting.ts";
import type { PrivateServerOptions } from "../../src/postgres/server/private-server-options.ts";
import { startPrivateServer, type PrivateServer } from "../../src/postgres/server/private-server.ts";

/** A wait for tests that nobody ends before `limitMs`: longer than a file of them takes that shares one, on any machine. */
export function testWait(limitMs = 1_800_000): Waiting {
  return within({ signal: new AbortController().signal }, limitMs);
}

/** What HOLDFAST_TEST_POSTGRES names (it must be on PATH too), else the newest installed PostgreSQL that has a server. */
export function testBinFolder(): string {
  const told = process.env["HOLDFAST_TEST_POSTGRES"];
  if (told !== undefined && told !== "") return told;
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(base, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));
  if (found === undefined) throw new Error("no PostgreSQL server is installed; scripts/setup installs one");
  return found;
}

/** Of the server that tests start. */
export function testMajor(): number {
  const said = execFileSync(join(testBinFolder(), "postgres"), ["--version"], { encoding: "utf8" });
  return Number(/\(PostgreSQL\) (\d+)/.exec(said)?.[1]);
}

/** The user that servers run as: `postgres` when we are root, else ourselves. */
export function testRunAs(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export const testServerRoot = join(tmpdir(), "holdfast-tests");

/**
 * A server with the superuser `postgres`; as a source would be, with logical WAL, unless `settings`
 * say otherwise. `await using` it.
 */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = {},
  more: Partial<PrivateServerOptions> = {},
): Promise<PrivateServer> {
  return startPrivateServer(
    {
      root: testServerRoot,
      binFolder: testBinFolder(),
      superuser: { kind: "named", name: "postgres" },
      runAs: testRunAs(),
      settings: { wal_level: "logical", max_wal_senders: "4", shared_buffers: "32MB", ...settings },
      chance: systemChance,
      ...more,
    },
    testWait(),
  );
}

/** `postgres://…` of one database of the server, as its superuser or another login. */
export function urlOf(
  server: PrivateServer,
  database: string,
  login: { user?: string; password?: string } = {},
): string {
  const user = encodeURIComponent(login.user ?? server.address.user);
  const password = encodeURIComponent(login.password ?? server.address.password ?? "");
  const host = encodeURIComponent(server.address.host);
  return `postgres://${user}:${password}@${host}:${String(server.address.port)}/${encodeURIComponent(database)}`;
}

/** Environment for the stock programs of PostgreSQL to reach a database of the server as its superuser. */
export function environmentOf(server: PrivateServer, database: string): Record<string, string> {
  return {
    PGHOST: server.address.host,
    PGPORT: String(server.address.port),
    PGUSER: server.address.user,
    PGPASSWORD: server.address.password ?? "",
    PGDATABASE: database,
    PGCLIENTENCODING: "UTF8",
  };
}

/** Runs SQL (any number of statements, each its own transaction) with the stock psql; returns what it printed, unaligned, without headers. */
export async function psql(
  server: PrivateServer,
  database: string,
  sql: string,
  wait: Waiting = testWait(),
): Promise<string> {
  const { stdout } = await run(
    {
      file: join(server.binFolder, "psql"),
      args: ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
      // A database's own limit of a millisecond may strike before a SET against it is through.
      env: { ...environmentOf(server, database), PGOPTIONS: "-c statement_timeout=0" },
      input: Buffer.from(sql),
    },
    wait,
  );
  return stdout.toString("utf8").replace(/\n$/, "");
}

/** `options` are those of CREATE DATABASE, as SQL. */
export async function createDatabase(
  server: PrivateServer,
  name: string,
  options = "template template0",
): Promise<void> {
  await psql(server, "postgres", `create database "${name.replaceAll('"', '""')}" ${options}`);
}
