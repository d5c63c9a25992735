/** The scratch server has no room, lacks a part, refuses to start, or dies at work. */
import { execFileSync } from "node:child_process";
import { kill } from "node:process";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Desk } from "../../desk/desk.ts";
import { machineDamage, type MachineDamage } from "./machine-damage.ts";

/** Beyond what a server without tenants takes; less than one more database needs. */
const spareKilobytes = 4_000;

export const serverDamages: readonly MachineDamage[] = [
  ordered(
    "scratch-disk-full",
    "the disk of the scratch server has no room for the copy",
    diskOf(spareKilobytes),
  ),
  ordered(
    "scratch-files-limited",
    "the scratch server may write no file of more than 64 kB",
    "ulimit -f 128",
  ),
  ordered("scratch-refuses-to-start", "the scratch server ends as soon as it is started", "exit 1"),
  ordered(
    "scratch-few-connections",
    "the scratch server takes no more than two connections",
    "extra='-c max_connections=2 -c superuser_reserved_connections=0'",
  ),
  interrupted("scratch-killed", "the scratch server is killed while rows are loaded", "rows", (server) =>
    kill(server, "SIGKILL"),
  ),
  interrupted(
    "scratch-killed-while-comparing",
    "the scratch server is killed while it is compared",
    "comparing",
    (server) => kill(server, "SIGKILL"),
  ),
  interrupted(
    "scratch-connections-cut",
    "every connection to the scratch server is cut while rows are loaded",
    "rows",
    (server) => {
      for (const session of sessionsOf(server)) kill(session, "SIGTERM");
    },
  ),
  machineDamage(
    "scratch-folder-unusable",
    "the folder for scratch servers is a file",
    async ({ desk, folder }) => {
      const path = join(folder, "no-folder");
      await writeFile(path, "");
      return { desk: { ...desk, config: { ...desk.config, scratch: { ...desk.config.scratch, path } } } };
    },
  ),
  lacking("amcheck-missing", "the extension amcheck is not installed", ["amcheck"]),
  lacking("extension-missing", "an extension of the tenant is not installed", ["hstore"]),
  machineDamage(
    "pg-restore-fails",
    "pg_restore ends with an error whatever it is asked",
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
  return machineDamage(name, title, ({ desk }) => {
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
function ordered(name: string, title: string, postgres: string): MachineDamage {
  return machineDamage(name, title, async ({ desk, installation }) => {
    await installation.say({ postgres });
    return { desk };
  });
}

function lacking(name: string, title: string, extensions: readonly string[]): MachineDamage {
  return machineDamage(name, title, async ({ desk, installation }, wait) => {
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
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(server)], { encoding: "utf8" });
  return children
    .split("\n")
    .filter((line) => line.includes("[local]"))
    .map((line) => Number.parseInt(line, 10));
}
