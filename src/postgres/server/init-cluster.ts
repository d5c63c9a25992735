import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Makes a cluster with `initdb`, whose superuser logs in with SCRAM even at the socket. */
export async function initCluster(cluster: NewCluster, wait: Waiting): Promise<void> {
  const { folder, runAs, user } = cluster;
  await writeFile(join(folder, "password"), cluster.password, { mode: 0o600 });
  if (runAs !== undefined) {
    const owner = `${String(runAs.uid)}:${String(runAs.gid)}`;
    await run({ file: "chown", args: ["-R", owner, folder] }, wait);
  }
  const data = ["-D", join(folder, "data"), ...(cluster.sync ? [] : ["--no-sync"])];
  const login = ["-U", user, `--pwfile=${join(folder, "password")}`, "--auth=scram-sha-256"];
  const kind = ["-E", cluster.encoding, `--locale=${cluster.locale}`, "--no-instructions"];
  const args = [...data, ...login, ...kind];
  await run({ file: join(cluster.binFolder, "initdb"), args, cwd: folder, as: runAs }, wait);
}
