import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Failure, isFailure } from "../../base/failure.ts";
import { run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";

interface NewCluster {
  readonly binFolder: string;
  /** A fresh folder of ours; `data` and `password` are made in it. */
  readonly folder: string;
  readonly user: string;
  readonly password: string;
  readonly encoding: string;
  readonly locale: string;
  /** Who owns the folder afterwards, with all that is in it; we when undefined. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the files are safe on the disk when this returns. */
  readonly sync: boolean;
}

/**
 * Makes a cluster with `initdb`, whose superuser logs in with SCRAM even at the socket. "scratch/start" where the number
 * that we run as has no name, and cannot be given one.
 */
export async function initCluster(cluster: NewCluster, wait: Waiting): Promise<void> {
  const { folder, runAs, user } = cluster;
  await writeFile(join(folder, "password"), cluster.password, { mode: 0o600 });
  if (runAs !== undefined) {
    const owner = `${String(runAs.uid)}:${String(runAs.gid)}`;
    await run({ file: "chown", args: ["-R", owner, folder] }, wait);
  }
  const data = ["-D", join(folder, "data"), ...(cluster.sync ? [] : ["--no-sync"])];
  const login = ["-U", user, `--pwfile=${join(folder, "password")}`, "--auth=scram-sha-256"];
  const kind = ["-E", cluster.encoding, `--locale=${cluster.locale}`];
  const initdb = join(cluster.binFolder, "initdb");
  const named = runAs === undefined ? await asSomebody(wait) : [];
  const [file = initdb, ...args] = [...named, initdb, ...data, ...login, ...kind];
  await run({ file, args, cwd: folder, as: runAs }, wait);
}

/**
 * initdb asks what its user is called, and the number that a container was told to run as need not be called anything.
 * Where it is not, initdb is run in a user namespace in which that number is nobody's; to all others the files are ours.
 */
async function asSomebody(wait: Waiting): Promise<readonly string[]> {
  if (hasName()) return [];
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (flag) => {
        const { stdout } = await run({ file: "id", args: [flag, "nobody"] }, wait);
        return stdout.toString("utf8").trim();
      }),
    );
    const prefix = ["unshare", "--user", `--map-user=${uid ?? ""}`, `--map-group=${gid ?? ""}`, "--"];
    const [file = "", ...args] = prefix;
    await run({ file, args: [...args, "true"] }, wait);
    return prefix;
  } catch (error) {
    if (!isFailure(error, "program/failed") && !isFailure(error, "program/missing")) throw error;
    const uid = String(process.getuid?.());
    throw new Failure("scratch/start", `the user ${uid} that holdfast runs as has no entry in /etc/passwd`, {
      cause: error,
      hint: "PostgreSQL needs one; add it, or let the kernel make user namespaces",
    });
  }
}

function hasName(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}
