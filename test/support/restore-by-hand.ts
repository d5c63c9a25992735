/** The blocks of the page about restoring by hand, run as they stand: shell, `jq`, `age`, `zstd`, `psql` and `pg_restore`, and nothing of the product. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { environmentOf } from "./postgres-server.ts";

const page = resolve(import.meta.dirname, "../../runbooks/restore-by-hand.md");

export interface ByHand {
  /** The folder of a store. */
  readonly store: string;
  readonly tenant: string;
  /** The file of an age identity. */
  readonly identity: string;
  readonly target: PrivateServer;
  /** The database to make. */
  readonly into: string;
}

/** Restores the newest backup; returns what the page said. */
export async function restoreByHand({ store, tenant, identity, target, into }: ByHand): Promise<string> {
  const text = readFileSync(page, "utf8");
  const script = Array.from(text.matchAll(/^```bash\n(.*?)^```$/gms), ([, block]) => block ?? "").join("\n");
  const work = await mkdtemp(join(tmpdir(), "holdfast-by-hand-work-"));
  try {
    const { stdout } = await promisify(execFile)("bash", ["-c", script], {
      env: {
        ...environmentOf(target, "postgres"),
        PATH: `${target.binFolder}:${process.env["PATH"] ?? ""}`,
        STORE: store,
        TENANT: tenant,
        BACKUP: "",
        IDENTITY: identity,
        WORK: work,
        TARGET: into,
      },
      maxBuffer: 10_000_000,
    });
    return stdout;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
