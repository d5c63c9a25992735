/** The scratch server has no room, lacks a part, refuses to start, or dies at work. */
import { kill } from "node:process";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Desk } from "../../desk/desk.ts";
import type { Traces } from "../damage.ts";
import { machineDamage, type MachineDamage, whateverIsRestored } from "./machine-damage.ts";

/** Beyond what a server without tenants takes; less than one more database needs. */
const spareKilobytes = 4_000;

/** Whoever meets a dead server first tells it: its watchman, a socket, or the client that was at work. */
const gone = /ended by itself|terminat|connection|EPIPE|ECONNRESET|not queryable/i;

export const serverDamages: readonly MachineDamage[] = [
  ordered(
    "scratch-disk-full",
    "the disk of the scratch server has no room for the copy",
    /No space left|File too large|ended/,
    diskOf(spareKilobytes),
  ),
  ordered(
    "scratch-files-limited",
    "the scratch server may write no file of more than 64 kB",
    /File too large|ended/,
    "ulimit -f 128",
  ),
  ordered(
    "scratch-refuses-to-start",
    "the scratch server ends as soon as it is started",
    /ended at once/,
    "exit 1",
  ),
  ordered(
    "scratch-few-connections",
    "the scratch server takes no more than two connections",
    /slots|clients/,
    "extra='-c max_connections=2 -c superuser_reserved_connections=0'",
  ),
  interrupted("scratch-killed", "the scratch server is killed while rows are loaded", "rows", (server) =>
    end(server, "SIGKILL"),
  ),
  interrupted(
    "scratch-killed-while-comparing",
    "the scratch server is killed while it is compared",
    "comparing",
    (server) => end(server, "SIGKILL"),
  ),
  interrupted(
    "scratch-connections-cut",
    "every connection to the scratch server is cut while rows are loaded",
    "rows",
    (server) => {
      for (const session of sessionsOf(server)) end(session, "SIGTERM");
    },
  ),
  machineDamage(
    "scratch-folder-unusable",
    "the folder for scratch servers is a file",
    { says: /EEXIST|ENOTDIR/, seenBy: whateverIsRestored },
    async ({ desk, folder }) => {
      const path = join(folder, "no-folder");
      await writeFile(path, "");
      return { desk: { ...desk, config: { ...desk.config, scratch: { ...desk.config.scratch, path } } } };
    },
  ),
  lacking(
    "amcheck-missing",
    "the extension amcheck is not installed",
    { says: /amcheck is not installed/, seenBy: ["indexes"] },
    ["amcheck"],
  ),
  lacking(
    "extension-missing",
    "an extension of the tenant is not installed",
    { says: /EXTENSION hstore/, seenBy: ["extensions"] },
    ["hstore"],
  ),
  lacking(
    "extension-version-missing",
    "an extension of the tenant is not to be had in its version",
    { says: /EXTENSION hstore/, seenBy: ["extensions"] },
    ["hstore--1.6"],
  ),
  machineDamage(
    "pg-dump-fails",
    "pg_dump ends with an error whatever it is asked",
    { says: /pg_dump/, seenBy: ["twin"] },
    async ({ desk, installation }) => {
      await installation.say({ pg_dump: "echo 'out of memory' >&2; exit 1" });
      return { desk };
    },
  ),
  machineDamage(
    "pg-restore-fails",
    "pg_restore ends with an error whatever it is asked",
    { says: /cannot read an archive that is whole/, seenBy: ["archive"] },
    async ({ desk, installation }) => {
      await installation.say({ pg_restore: "exit 1" });
      return { desk };
    },
  ),
];

/** Done once, to the scratch server, when the verification comes to that phase. */
function interrupted(
  name: string,
  title: string,
  when: string,
  act: (server: number) => void,
): MachineDamage {
  return machineDamage(name, title, { says: gone, seenBy: whateverIsRestored }, ({ desk }) => {
    let done = false;
    const onPhase = (phase: string): void => {
      if (done || phase !== when) return;
      done = true;
      for (const server of serversBelow(desk)) act(server);
    };
    return Promise.resolve({ desk, onPhase });
  });
}

/** Shell that runs before the server does. */
function ordered(name: string, title: string, says: RegExp, postgres: string): MachineDamage {
  return machineDamage(name, title, { says, seenBy: whateverIsRestored }, async ({ desk, installation }) => {
    await installation.say({ postgres });
    return { desk };
  });
}

function lacking(
  name: string,
  title: string,
  traces: Required<Traces>,
  extensions: readonly string[],
): MachineDamage {
  return machineDamage(name, title, traces, async ({ desk, installation }, wait) => {
    await installation.say({ postgres: `program='${await installation.without(extensions, wait)}'` });
    return { desk };
  });
}

/**
 * The tables of the server lie on a small file system of their own, in a namespace that ends with it. Where the
 * kernel allows no such namespace, files are kept small instead, which breaks the same writes.
 */
function diskOf(spare: number): string {
  return `
if unshare --user --map-root-user --mount true 2>/dev/null; then
  room=$(( $(du -sk "$2/base" | cut -f1) + ${String(spare)} ))
  exec unshare --user --map-root-user --mount sh -c '
    data=$1; room=$2; user=$3; group=$4; shift 4
    mkdir "$data/aside" && cp -a "$data/base/." "$data/aside/" &&
    mount -t tmpfs -o size="$room"k,mode=700 tmpfs "$data/base" && cp -a "$data/aside/." "$data/base/" &&
    rm -r "$data/aside" && exec unshare --user --map-user="$user" --map-group="$group" -- "$@"
  ' sh "$2" "$room" "$(id -u)" "$(id -g)" "$program" "$@"
fi
ulimit -f 512`;
}

/** Process ids of the servers in the desk's scratch folder, which is this damage's alone. */
function serversBelow({ config }: Desk): readonly number[] {
  const { path } = config.scratch;
  return readdirSync(path)
    .filter((name) => /^server-[a-z2-7]+$/.test(name))
    .map((name) => Number(readFileSync(join(path, name, "data", "postmaster.pid"), "utf8").split("\n")[0]));
}

/** Those of clients; a server whose other processes end is not cut off but gone. */
function sessionsOf(server: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === server && titleOf(pid).includes("[local]"));
}

/** Field 4 of `/proc/<pid>/stat`; the name before it may itself hold blanks and parentheses. */
function parentOf(pid: number): number {
  const text = told(pid, "stat");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
}

/** What PostgreSQL says that the process does. */
function titleOf(pid: number): string {
  return told(pid, "cmdline");
}

/** Empty for a process that ended meanwhile. */
function told(pid: number, what: "stat" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${what}`, "utf8");
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
}

/** One that has ended by itself is as good. */
function end(pid: number, signal: "SIGKILL" | "SIGTERM"): void {
  try {
    kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "ENOENT");
}
