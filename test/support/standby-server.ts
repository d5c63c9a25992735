/** A hot standby of a test server, fed by streaming replication over the primary's socket. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/base/program.ts";
import { pause } from "../../src/base/waiting.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { environmentOf, psql, testRunAs, testWait } from "./postgres-server.ts";

/** Settings that a standby must not have smaller than its primary. */
const inherited = [
  "max_connections",
  "max_worker_processes",
  "max_wal_senders",
  "max_prepared_transactions",
  "max_locks_per_transaction",
];

export async function startStandby(primary: PrivateServer): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), "hf-sb-"));
  const as = testRunAs();
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, "data");
  const backup = join(primary.binFolder, "pg_basebackup");
  const env = environmentOf(primary, "postgres");
  await run(
    { file: backup, args: ["-D", data, "-R", "-X", "stream", "-c", "fast"], env, as, cwd: folder },
    testWait(),
  );
  const settings: Record<string, string> = {
    listen_addresses: "",
    unix_socket_directories: folder,
    port: "5432",
  };
  for (const name of inherited) settings[name] = await psql(primary, "postgres", `show ${name}`);
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(join(primary.binFolder, "postgres"), ["-D", data, "-c", "hot_standby=on", ...args], {
    stdio: "ignore",
    cwd: folder,
    ...(as === undefined ? {} : as),
  });
  const ended = once(child, "exit");
  const server: PrivateServer = {
    ...primary,
    address: { ...primary.address, host: folder },
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  await answers(server);
  return server;
}

/** Resolves once the standby has replayed all that the primary has written by now. */
export async function caughtUp(primary: PrivateServer, standby: PrivateServer): Promise<void> {
  const lsn = await psql(primary, "postgres", "select pg_current_wal_insert_lsn()");
  while ((await psql(standby, "postgres", `select pg_last_wal_replay_lsn() >= '${lsn}'`)) !== "t") {
    await pause(20, testWait());
  }
}

async function answers(server: PrivateServer): Promise<void> {
  const wait = testWait(60_000);
  for (;;) {
    try {
      await psql(server, "postgres", "select");
      return;
    } catch (error) {
      await pause(50, wait).catch(() => {
        throw error;
      });
    }
  }
}
