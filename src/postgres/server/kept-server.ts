/**
 * A private PostgreSQL that is kept: its data stays, and several processes of this host share it. Who
 * finds it running connects, who does not starts it, and who leaves last stops it; all three under one
 * lock of the kernel's. No code of tenants runs in it. A process that is killed leaves a running
 * server behind, which the next one uses.
 */
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { exists } from "../../base/exists.ts";
import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { orAbort, pause, stillWaiting, type Waiting, within } from "../../base/waiting.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { fileLock } from "./file-lock.ts";
import { keptFolders, type KeptFolders, type KeptServerOptions, startKept } from "./kept-server-start.ts";
import { isServerOf, readPostmaster } from "./postmaster-file.ts";
import { answers } from "./private-server-leftovers.ts";

export interface KeptServer extends AsyncDisposable {
  /** The superuser's login to the database; good for as long as this is not disposed of. */
  readonly address: ServerAddress;
}

const startLimitMs = 180_000;
const stopLimitMs = 30_000;
const leaveLimitMs = 1000;
/** A server on this host that takes longer hangs, as its disk may; who leaves is not to hang with it. */
const answerLimitMs = 5000;
const reviveAfterMsMin = 1000;
const reviveAfterMsMax = 30_000;
/** Names the one session by which each process shows that it uses the server. */
const keeperName = "holdfast-keeper";

/**
 * With "only-running" null when the server does not run; with "start" it is started, and started again
 * should it end while we use it. Throws "catalog/failed" with the end of the server's log, "program/missing".
 */
export async function openKeptServer(
  options: KeptServerOptions,
  mode: "start" | "only-running",
  wait: Waiting,
): Promise<KeptServer | null> {
  const folders = keptFolders(options.folder);
  if (mode === "start") await makeFolder(options.folder, 0o711);
  else if (!(await exists(folders.data))) return null;
  const opened = await keep(options, folders, mode, wait).catch(async (error: unknown) => {
    if (mode === "start") await leaveRunning(options, folders);
    throw error;
  });
  if (opened === null) return null;
  const closing = new AbortController();
  const closed = aborted(closing.signal);
  let keeper = opened;
  const life = mode === "only-running" ? Promise.resolve() : stayOpen();
  return {
    address: opened.address,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await life;
      await (keeper.isOver() ? leaveRunning(options, folders) : leave(keeper, folders));
    },
  };

  async function stayOpen(): Promise<void> {
    for (;;) {
      await Promise.race([keeper.ended, closed]);
      if (closing.signal.aborted) return;
      const revived = await revive();
      if (revived === null) return;
      keeper = revived;
    }
  }

  /** Null when it was closed before. */
  async function revive(): Promise<Keeper | null> {
    for (let afterMs = reviveAfterMsMin; ; afterMs = Math.min(afterMs * 2, reviveAfterMsMax)) {
      try {
        return await keep(options, folders, "start", closing);
      } catch (error) {
        if (closing.signal.aborted) return null;
        // What it fails with first is what matters, and an hour of the same would bury it.
        if (afterMs === reviveAfterMsMin) options.onTrouble?.(asFailure(error));
      }
      await pause(afterMs, closing).catch(() => undefined);
      if (closing.signal.aborted) return null;
    }
  }
}

interface Keeper {
  readonly client: Client;
  readonly address: ServerAddress;
  /** Resolves when the session has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly isOver: () => boolean;
  /** Ends it without a goodbye. */
  readonly cut: () => void;
}

/** Finds or starts the server and connects, all under the lock, so that nobody stops it in between. */
async function keep(
  options: KeptServerOptions,
  folders: KeptFolders,
  mode: "start" | "only-running",
  wait: Waiting,
): Promise<Keeper | null> {
  const limited = within(wait, startLimitMs);
  await using _lock = await fileLock(folders.lock, limited);
  for (;;) {
    const found = await findRunning(folders);
    if (found === null && mode === "only-running") return null;
    const socketFolder = found?.socketFolder ?? (await startKept(options, folders, limited));
    if (socketFolder !== "") {
      const keeper = await connectKeeper(await addressIn(socketFolder, options, folders), limited);
      if (keeper !== null) return keeper;
    }
    // It starts, or is being stopped by somebody else than us; either ends.
    await pause(50, limited);
  }
}

async function findRunning({
  data,
}: KeptFolders): Promise<{ readonly pid: number; readonly socketFolder: string } | null> {
  const postmaster = await readPostmaster(data);
  if (postmaster === null || (await isServerOf(data, postmaster.pid))) return postmaster;
  // Another container's processes cannot be seen, nor any where there is no /proc; a socket that answers can.
  const { socketFolder } = postmaster;
  return socketFolder !== "" && (await answers(join(socketFolder, ".s.PGSQL.5432"))) ? postmaster : null;
}

async function addressIn(
  socketFolder: string,
  { database }: KeptServerOptions,
  { password }: KeptFolders,
): Promise<ServerAddress> {
  const secret = await readFile(password, "utf8").catch((cause: unknown) => {
    throw new Failure("catalog/failed", `the password of the embedded catalog cannot be read`, {
      cause,
      hint: `run Holdfast as the user that owns ${password}`,
    });
  });
  return { host: socketFolder, port: 5432, user: "holdfast", password: secret.trim(), database };
}

/** Null while the server does not take connections. */
async function connectKeeper(address: ServerAddress, wait: Waiting): Promise<Keeper | null> {
  const { host, port, user, database, password } = address;
  const socket = new Socket();
  const client = new Client({
    host,
    port,
    user,
    database,
    password: password ?? "",
    stream: () => socket,
    application_name: keeperName,
    connectionTimeoutMillis: 20_000,
  });
  client.on("error", () => undefined);
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    client.once("end", () => {
      isOver = true;
      resolve();
    });
  });
  try {
    await orAbort(client.connect(), wait);
    return { client, address, ended, isOver: () => isOver, cut: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    stillWaiting(wait);
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "57P03" || code === "ECONNREFUSED" || code === "ENOENT" || code === "ECONNRESET")
      return null;
    throw new Failure("catalog/failed", "log in to the embedded catalog", { cause: error });
  }
}

/** A server that we have started and were called away from before we could use it is ours to stop all the same. */
async function leaveRunning(options: KeptServerOptions, folders: KeptFolders): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, answerLimitMs);
  // The database itself may not be made yet.
  const either = { ...options, database: "postgres" };
  const keeper = await keep(either, folders, "only-running", wait).catch(() => null);
  if (keeper !== null) await leave(keeper, folders);
}

/** Stops the server unless somebody else uses it. What cannot be found out or done leaves it running. */
async function leave({ client, cut }: Keeper, folders: KeptFolders): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, stopLimitMs);
  try {
    await using _lock = await fileLock(folders.lock, wait);
    const isLast = await nobodyElse(client, within(wait, answerLimitMs));
    await orAbort(client.end(), within(wait, answerLimitMs));
    if (isLast) await stopServer(folders, wait);
  } catch {
    cut();
  }
}

/** Sessions that we ourselves have just closed may take a moment to be gone. */
async function nobodyElse(client: Client, wait: Waiting): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= leaveLimitMs; waitedMs += 50) {
    const counting = client.query<{ keepers: number; others: number }>(
      `select count(*) filter (where application_name = $1)::int as keepers, count(*)::int as others
       from pg_catalog.pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      [keeperName],
    );
    const { rows } = await orAbort(counting, wait);
    const [counted = { keepers: 1, others: 1 }] = rows;
    if (counted.others === 0) return true;
    if (counted.keepers > 0) return false;
    await pause(50, wait);
  }
  return false;
}

async function stopServer(folders: KeptFolders, wait: Waiting): Promise<void> {
  const running = await findRunning(folders);
  if (running === null) return;
  // Fast: sessions are cut, and everything is written before it ends.
  process.kill(running.pid, "SIGINT");
  while (await isServerOf(folders.data, running.pid)) await pause(20, wait);
}

function asFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  return new Failure("catalog/failed", `start the embedded catalog again: ${reasonOf(error)}`, {
    cause: error,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      "abort",
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
