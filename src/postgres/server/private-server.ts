/**
 * PostgreSQL servers of our own: scratch, the demo's and the tests' sources, later the catalog.
 *
 * A scratch server is hostile ground, since the code of a tenant runs in it. It listens on a socket
 * in a folder that only its user may enter, never on TCP; it runs as another user where we are root
 * and without a network where the kernel allows. Logins need SCRAM with a random password even
 * there: with `trust` a tenant's foreign server that points at the socket could log in as anybody.
 */
import { chmod, lchown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allEnded } from "../../base/all-ended.ts";
import { randomBase32 } from "../../base/chance.ts";
import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { run } from "../../base/program.ts";
import { within, type Waiting } from "../../base/waiting.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { confinement, type Confinement, type Isolation } from "./private-server-confinement.ts";
import { takeOver } from "./private-server-login.ts";
import { forget, nameOwner, wipeLeftovers } from "./private-server-leftovers.ts";
import { endOrphans } from "./orphans.ts";
import type { PrivateServerOptions } from "./private-server-options.ts";
import {
  answering,
  launch,
  type Launched,
  pidOf,
  ready,
  settingArguments,
  stop,
} from "./private-server-process.ts";
import { type ClusterTemplate, clusterTemplate } from "./private-server-template.ts";

export interface PrivateServer extends AsyncDisposable {
  /** The superuser's login to the database `postgres`. */
  readonly address: ServerAddress;
  readonly binFolder: string;
  readonly isolation: Isolation;
  readonly pid: number;
  /** Aborted with "scratch/lost" when the server ends without having been told to. */
  readonly lost: AbortSignal;
}

/** Everything of a private server is computed again after a crash, so nothing is made durable. */
const throwAwaySettings: Readonly<Record<string, string>> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  // With minimal WAL a COPY into a table truncated in the same transaction writes none.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "4GB",
  checkpoint_timeout: "1h",
  autovacuum: "off",
  jit: "off",
  shared_buffers: "128MB",
  maintenance_work_mem: "128MB",
  max_connections: "50",
  max_locks_per_transaction: "1024",
  // Elsewhere what workers share, rows among it, would outlive a server that is killed, until the host starts anew.
  dynamic_shared_memory_type: "mmap",
  // A crash is a finding about this machine; a server that silently came back would hide it.
  restart_after_crash: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // LOG and FATAL only: messages of level ERROR carry rows.
  log_min_messages: "log",
};

const socketPathBytesMax = 107;
const port = 5432;

/**
 * Starts a server in a new folder below `root` and waits until it answers. Leftovers of crashed runs
 * in the same root are ended and wiped first. Disposal ends the server and wipes its folder; should
 * this process die, the server dies with it and the folder goes at the next start.
 * Throws "scratch/start" with the end of the server's log, "scratch/room", "program/missing".
 */
export async function startPrivateServer(
  options: PrivateServerOptions,
  wait: Waiting,
): Promise<PrivateServer> {
  const limited = within(wait, options.startLimitMs ?? 120_000);
  if (process.getuid?.() === 0 && options.runAs === undefined) {
    throw new Failure("scratch/start", "PostgreSQL refuses to run as root", {
      hint: "name an unprivileged user for scratch servers",
    });
  }
  await makeRoot(options.root);
  await wipeLeftovers(options.root);
  const template = await clusterTemplate(options, limited);
  const folder = join(options.root, `server-${randomBase32(options.chance, 8)}`);
  const cleanUp: CleanUp = [() => rm(folder, { recursive: true, force: true, maxRetries: 3 })];
  try {
    const making = { options, template, folder, cleanUp };
    const house = await furnish(making, limited);
    const server = await startIn(house, making);
    const address = await letIn(house, server, making, limited);
    const { lost, toldToEnd } = watchEnd(server);
    return {
      address,
      binFolder: options.binFolder,
      isolation: house.isolation,
      pid: pidOf(server),
      lost,
      [Symbol.asyncDispose]: async () => {
        toldToEnd();
        await undo(cleanUp);
        forget(folder);
      },
    };
  } catch (error) {
    await undo(cleanUp);
    forget(folder);
    throw startFailure(error);
  }
}

/** What takes back the steps so far, in their order. */
type CleanUp = (() => Promise<void>)[];

/** A server that is being made. */
interface Making {
  readonly options: PrivateServerOptions;
  readonly template: ClusterTemplate;
  readonly folder: string;
  readonly cleanUp: CleanUp;
}

/** What the server finds around it. */
interface House extends Confinement {
  readonly socketFolder: string;
  readonly data: string;
  readonly log: string;
}

/** The server's folder with the cluster's files in it, and the walls around it. */
async function furnish(
  { options: { root, runAs }, template, folder, cleanUp }: Making,
  wait: Waiting,
): Promise<House> {
  // The note comes first: a folder without one would belong to nobody after a crash.
  await nameOwner(folder, { serverPid: null, socketFolder: null });
  await mkdir(folder, { mode: 0o700 });
  const socketFolder = await socketFolderFor(folder);
  if (socketFolder !== folder) cleanUp.push(() => rm(socketFolder, { recursive: true, force: true }));
  const data = join(folder, "data");
  const prepare = async (): Promise<void> => {
    await run({ file: "cp", args: ["-a", "--reflink=auto", template.data, data] }, wait);
    await handOver([folder, socketFolder], data, runAs, wait);
  };
  // Both to their end, so that nothing is still written to a folder that is wiped because the other failed.
  const [, walls] = await allEnded([prepare(), confinement(root, runAs, wait)]);
  return { socketFolder, data, log: join(folder, "log"), ...walls };
}

/** Whether it will answer is not known yet. */
async function startIn(
  { socketFolder, data, log, wrap }: House,
  { options: { binFolder, settings }, folder, cleanUp }: Making,
): Promise<Launched> {
  const own = {
    ...throwAwaySettings,
    ...settings,
    listen_addresses: "",
    unix_socket_directories: socketFolder,
    unix_socket_permissions: "0700",
    port: String(port),
  };
  const argv = [...wrap, join(binFolder, "postgres"), "-D", data, ...settingArguments(own)];
  const server = await launch({ argv, folder, log });
  cleanUp.push(async () => {
    await stop(server);
    if (server.child.signalCode !== null) await endOrphans(data);
  });
  await nameOwner(folder, { serverPid: pidOf(server), socketFolder });
  return server;
}

/** Waits until it answers, and gives the superuser a name and a password that no other server has. */
async function letIn(
  { socketFolder }: House,
  server: Launched,
  { options: { superuser, chance }, template: { user, password } }: Making,
  wait: Waiting,
): Promise<ServerAddress> {
  const line = { host: socketFolder, port, database: "postgres" };
  await answering(join(socketFolder, `.s.PGSQL.${String(port)}`), server, wait);
  const login = {
    name: superuser.kind === "named" ? superuser.name : `hf_${randomBase32(chance, 20)}`,
    password: chance(24).toString("base64url"),
  };
  await ready(() => takeOver({ ...line, user, password }, { ...login, chance }), server, wait);
  return { ...line, user: login.name, password: login.password };
}

/** `lost` is aborted when the server ends before it was told to. */
function watchEnd({ child }: Launched): { readonly lost: AbortSignal; readonly toldToEnd: () => void } {
  let told = false;
  const lost = new AbortController();
  child.once("exit", () => {
    if (!told) lost.abort(new Failure("scratch/lost", "the private PostgreSQL server ended by itself"));
  });
  return {
    lost: lost.signal,
    toldToEnd: () => {
      told = true;
    },
  };
}

/** In reverse, each in turn, whatever the others did. */
async function undo(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps.toReversed()) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0)
    throw new Failure("scratch/lost", "a private server was not wiped whole", { cause: errors[0] });
}

/** The kernel cuts socket paths off at 107 bytes; a state folder deep down gets its socket elsewhere. */
async function socketFolderFor(folder: string): Promise<string> {
  const path = join(folder, `.s.PGSQL.${String(port)}`);
  return Buffer.byteLength(path) <= socketPathBytesMax ? folder : mkdtemp(join(tmpdir(), "hf-"));
}

async function handOver(
  folders: readonly string[],
  data: string,
  runAs: PrivateServerOptions["runAs"],
  wait: Waiting,
): Promise<void> {
  for (const folder of new Set(folders)) {
    await chmod(folder, 0o700);
    if (runAs !== undefined) await lchown(folder, runAs.uid, runAs.gid);
  }
  if (runAs === undefined) return;
  await run({ file: "chown", args: ["-R", `${String(runAs.uid)}:${String(runAs.gid)}`, data] }, wait);
}

/** What lies in the way, or a place where nothing may be made, is this machine's configuration and no bug. */
async function makeRoot(root: string): Promise<void> {
  try {
    await makeFolder(root);
  } catch (error) {
    const failure = startFailure(error);
    if (isFailure(failure, "scratch/room")) throw failure;
    throw new Failure("scratch/start", `no folder can be made at ${root}: ${reasonOf(error)}`, {
      cause: error,
      hint: "scratch.path in the configuration names a folder, or where one can be made",
    });
  }
}

function startFailure(error: unknown): unknown {
  const said = error instanceof Error ? error.message : String(error);
  if (/no space left|ENOSPC/i.test(said))
    return new Failure("scratch/room", "no room to start a private server", { cause: error });
  if (error instanceof Failure) return error;
  return new Failure("scratch/start", "start a private PostgreSQL server", { cause: error });
}
