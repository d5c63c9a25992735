import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBase32 } from "../../base/chance.ts";
import { sha256 } from "../../base/digest.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";
import { initCluster } from "./init-cluster.ts";
import type { PrivateServerOptions } from "./private-server-options.ts";

export interface ClusterTemplate {
  /** A data folder to copy; never started itself. */
  readonly data: string;
  readonly user: string;
  readonly password: string;
}

const staleMs = 3_600_000;

/**
 * The data folder of a freshly made cluster for this version, encoding and locale, made by `initdb`
 * once (a second) and copied from then on (a tenth). It belongs to us and not to the servers' user:
 * a tenant that broke out of one scratch server must not find the next one's files.
 */
export async function clusterTemplate(
  options: PrivateServerOptions,
  wait: Waiting,
): Promise<ClusterTemplate> {
  const { stdout } = await run({ file: join(options.binFolder, "postgres"), args: ["--version"] }, wait);
  const encoding = options.encoding ?? "UTF8";
  const locale = options.locale ?? "C";
  const key = sha256(
    Buffer.from(JSON.stringify([stdout.toString("utf8"), options.binFolder, encoding, locale])),
  ).slice(0, 16);
  const templates = join(options.root, "templates");
  await makeFolder(templates, 0o755);
  const finished = join(templates, key);
  if (!(await isFolder(finished))) await make(finished, templates, { ...options, encoding, locale }, wait);
  const user = (await readFile(join(finished, "user"), "utf8")).trim();
  const password = (await readFile(join(finished, "password"), "utf8")).trim();
  return { data: join(finished, "data"), user, password };
}

async function make(
  finished: string,
  templates: string,
  options: PrivateServerOptions & { readonly encoding: string; readonly locale: string },
  wait: Waiting,
): Promise<void> {
  const draft = await mkdtemp(join(templates, "draft-"));
  try {
    await sweepDrafts(templates, (await stat(draft)).mtimeMs);
    const user = `hf_${randomBase32(options.chance, 20)}`;
    const password = options.chance(24).toString("base64url");
    await writeFile(join(draft, "user"), user, { mode: 0o600 });
    const { binFolder, encoding, locale, runAs } = options;
    await initCluster(
      { binFolder, folder: draft, user, password, encoding, locale, runAs, sync: false },
      wait,
    );
    if (runAs !== undefined) await run({ file: "chown", args: ["-R", "0:0", draft] }, wait);
    // Somebody else may have finished the same template meanwhile; one is as good as the other.
    await rename(draft, finished).catch(async (error: unknown) => {
      if (!(await isFolder(finished))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What is left by who was killed while making one. Nobody is at it so long, by the time of the file system. */
async function sweepDrafts(templates: string, nowMs: number): Promise<void> {
  for (const name of await readdir(templates)) {
    if (!name.startsWith("draft-")) continue;
    const path = join(templates, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && nowMs - found.mtimeMs > staleMs) await rm(path, { recursive: true, force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
