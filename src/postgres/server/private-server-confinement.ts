import { run } from "../../base/program.ts";
import { isFailure } from "../../base/failure.ts";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Waiting } from "../../base/waiting.ts";

/** What stands between a tenant's code in the server and this machine; `doctor` and proofs tell it. */
export interface Isolation {
  /** The server runs as another user than we. */
  readonly ownUser: boolean;
  /** The server is in a network namespace with no interface up. */
  readonly noNetwork: boolean;
  /** The server's files lie in memory, so that nothing remains once they are unlinked. */
  readonly inMemory: boolean;
  /** The server is ended by the kernel when we die. */
  readonly diesWithUs: boolean;
  readonly noCoreDumps: boolean;
}

export interface Confinement {
  /** The beginning of the command line; each program in it executes the next in its own place. */
  readonly wrap: readonly string[];
  readonly isolation: Isolation;
}

/** Finds out, by trying each, which walls this machine offers. */
export async function confinement(
  root: string,
  runAs: { readonly uid: number; readonly gid: number } | undefined,
  wait: Waiting,
): Promise<Confinement> {
  const [network, core, death] = await Promise.all([
    firstThatWorks(
      [
        ["unshare", "--net", "--"],
        ["unshare", "--user", "--map-current-user", "--net", "--"],
      ],
      wait,
    ),
    firstThatWorks([["prlimit", "--core=0:0"]], wait),
    // Apart from the change of the user and after it, since the kernel forgets the wish then.
    firstThatWorks([["setpriv", "--pdeathsig=QUIT"]], wait),
  ]);
  const identity =
    runAs === undefined
      ? []
      : [
          "setpriv",
          `--reuid=${String(runAs.uid)}`,
          `--regid=${String(runAs.gid)}`,
          "--clear-groups",
          "--no-new-privs",
        ];
  return {
    wrap: [...network, ...core, ...identity, ...death],
    isolation: {
      ownUser: runAs !== undefined && runAs.uid !== process.getuid?.(),
      noNetwork: network.length > 0,
      inMemory: await liesInMemory(root),
      diesWithUs: death.length > 0,
      noCoreDumps: core.length > 0,
    },
  };
}

async function firstThatWorks(
  prefixes: readonly (readonly string[])[],
  wait: Waiting,
): Promise<readonly string[]> {
  for (const prefix of prefixes) {
    const [file = "", ...args] = prefix;
    const works = await run({ file, args: [...args, "true"] }, wait).then(
      () => true,
      (error: unknown) => {
        if (isFailure(error, "program/failed") || isFailure(error, "program/missing")) return false;
        throw error;
      },
    );
    if (works) return prefix;
  }
  return [];
}

/** The file system of the longest mount point above `folder`, as the kernel tells it. */
async function liesInMemory(folder: string): Promise<boolean> {
  const mounts = await readFile("/proc/self/mounts", "utf8").catch(() => "");
  const path = `${resolve(folder)}/`;
  const above = mounts
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point = " "]) => path.startsWith(point === "/" ? "/" : `${point}/`))
    .toSorted((a, b) => (a[1] ?? "").length - (b[1] ?? "").length)
    .at(-1);
  return above?.[2] === "tmpfs" || above?.[2] === "ramfs";
}
