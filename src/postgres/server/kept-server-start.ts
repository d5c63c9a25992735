import {
  chmod,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { Chance } from "../../base/chance.ts";
import { sha256 } from "../../base/digest.ts";
import { isTaken } from "../../base/exists.ts";
import { Failure, isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { initCluster } from "./init-cluster.ts";
import { answering, launch, ready, settingArguments } from "./private-server-process.ts";
import { findPrograms, type Programs } from "./programs.ts";

export interface KeptServerOptions {
  /** Holds the data, the password and the lock; `runAs` must be able to pass through its parents. */
  readonly folder: string;
  /** Folders that may hold PostgreSQL's programs, beside the usual ones. */
  readonly binFolders: readonly string[];
  /** User and group of the server; needed when we are root. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
  /** Made when absent. */
  readonly database: string;
  readonly chance: Chance;
  /** Told once each time the server has ended under us and does not start again; it is tried on and on. */
  readonly onTrouble?: ((failure: Failure) => void) | undefined;
}

export interface KeptFolders {
  readonly folder: string;
  readonly data: string;
  readonly password: string;
  readonly lock: string;
}

export function keptFolders(folder: string): KeptFolders {
  return {
    folder,
    data: join(folder, "data"),
    password: join(folder, "password"),
    lock: join(folder, "lock"),
  };
}

const superuser = "holdfast";
const port = 5432;
const socketPathBytesMax = 107;

/** Beside PostgreSQL's own defaults, which make everything durable. */
const keptSettings: Readonly<Record<string, string>> = {
  listen_addresses: "",
  port: String(port),
  unix_socket_permissions: "0700",
  max_connections: "100",
  shared_buffers: "128MB",
  random_page_cost: "1.1",
  jit: "off",
  // Nobody replicates it; what cannot be made again from the stores is small, and dumped by whoever likes.
  wal_level: "minimal",
  max_wal_senders: "0",
  timezone: "UTC",
  log_timezone: "UTC",
  // LOG and FATAL only: messages of level ERROR carry rows. A file for each day of the week.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
  logging_collector: "on",
  log_directory: "log",
  log_filename: "catalog-%a.log",
  log_truncate_on_rotation: "on",
  log_rotation_age: "1d",
  log_rotation_size: "0",
};

/**
 * Starts the server, making its data first where there is none, and resolves with the folder of its socket once
 * it answers. Called by who holds the lock and found no server running.
 */
export async function startKept(
  options: KeptServerOptions,
  folders: KeptFolders,
  wait: Waiting,
): Promise<string> {
  if (process.getuid?.() === 0 && options.runAs === undefined)
    throw new Failure("catalog/failed", "PostgreSQL refuses to run as root", {
      hint: "make an operating-system user named holdfast or postgres for the embedded catalog",
    });
  try {
    return await start(options, folders, await programsFor(options, folders, wait), wait);
  } catch (error) {
    if (!isFailure(error, "scratch/start") && !isFailure(error, "program/failed")) throw error;
    throw new Failure("catalog/failed", `start the embedded catalog: ${error.message}`, {
      cause: error,
      hint: /no space left/i.test(error.message)
        ? `make room for ${folders.folder}`
        : `its log lies in ${join(folders.data, "log")}`,
    });
  }
}

async function start(
  options: KeptServerOptions,
  folders: KeptFolders,
  programs: Programs,
  wait: Waiting,
): Promise<string> {
  const { runAs } = options;
  if (!(await isTaken(folders.data))) await makeData(options, folders, programs, wait);
  // Nobody runs it. What a crash left would name a process, and if another one had that number by now, PostgreSQL
  // would take it for a server and refuse to start.
  await rm(join(folders.data, "postmaster.pid"), { force: true });
  const socketFolder = await freshSocketFolder(folders, runAs);
  const settings = { ...keptSettings, unix_socket_directories: socketFolder };
  const argv = [programs.postgres, "-D", folders.data, ...settingArguments(settings)];
  const log = join(folders.folder, "start.log");
  const server = await launch({ argv, folder: folders.folder, log, outliving: { runAs } });
  await answering(join(socketFolder, `.s.PGSQL.${String(port)}`), server, wait);
  const password = (await readFile(folders.password, "utf8")).trim();
  await ready(() => makeDatabase(socketFolder, password, options.database), server, wait);
  return socketFolder;
}

/** The data's own major version, or the newest where there is no data yet. */
async function programsFor(
  { binFolders }: KeptServerOptions,
  { data }: KeptFolders,
  wait: Waiting,
): Promise<Programs> {
  const version = await readFile(join(data, "PG_VERSION"), "utf8").catch(() => null);
  if (version === null) return findPrograms(binFolders, null, wait);
  try {
    return await findPrograms(binFolders, Number(version), wait);
  } catch (error) {
    if (!isFailure(error, "program/missing")) throw error;
    const major = version.trim();
    throw new Failure("catalog/failed", `the embedded catalog is of PostgreSQL ${major}: ${error.message}`, {
      cause: error,
      hint: `install postgresql-${major}, or bring ${data} to the newer version with pg_upgrade`,
    });
  }
}

/** In a draft that takes its place at the end, so that a crash leaves all of it or none. */
async function makeData(
  options: KeptServerOptions,
  { folder, data, password: file }: KeptFolders,
  { folder: binFolder }: Programs,
  wait: Waiting,
): Promise<void> {
  const old = (await readdir(folder)).filter((name) => name.startsWith("draft-"));
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
  const draft = await mkdtemp(join(folder, "draft-"));
  const password = options.chance(24).toString("base64url");
  const { runAs } = options;
  await initCluster(
    { binFolder, folder: draft, user: superuser, password, encoding: "UTF8", locale: "C", runAs, sync: true },
    wait,
  );
  await writeFile(file, password, { mode: 0o600, flush: true });
  await rename(join(draft, "data"), data);
  await using entry = await open(folder, "r");
  await entry.sync();
  await rm(draft, { recursive: true, force: true });
}

/**
 * The kernel cuts socket paths off at 107 bytes; a state folder deep down gets its socket elsewhere, always at the
 * same place, so that those who use the server find it again after a restart. Whatever lies in it is of a server that is gone.
 */
async function freshSocketFolder(
  { folder }: KeptFolders,
  runAs: KeptServerOptions["runAs"],
): Promise<string> {
  const beside = join(folder, "run");
  const isShort = Buffer.byteLength(join(beside, `.s.PGSQL.${String(port)}`)) <= socketPathBytesMax;
  const path = isShort ? beside : join(tmpdir(), `holdfast-${sha256(Buffer.from(folder)).slice(0, 16)}`);
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  const found = await lstat(path);
  const owners = [process.getuid?.(), runAs?.uid];
  if (!found.isDirectory() || !owners.includes(found.uid))
    throw new Failure(
      "catalog/failed",
      `${path}, where the catalog's socket is to be, belongs to somebody else`,
    );
  for (const name of await readdir(path)) await rm(join(path, name), { force: true });
  await chmod(path, 0o700);
  if (runAs !== undefined) await lchown(path, runAs.uid, runAs.gid);
  return path;
}

async function makeDatabase(host: string, password: string, database: string): Promise<void> {
  const client = new Client({ host, port, user: superuser, password, database: "postgres" });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query("select from pg_catalog.pg_database where datname = $1", [
      database,
    ]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
