/** Backups of the challenge: by the verb itself, of whatever snapshot it is given. */
import { backup } from "../backup/backup.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { backupDesk, backupOrder, snapshotOptions } from "../desk/backup-orders.ts";
import type { Desk } from "../desk/desk.ts";
import type { BackupId } from "../model/ids.ts";
import { openSnapshot } from "../postgres/source/open-snapshot.ts";
import type { PlainStream, Snapshot } from "../postgres/source/snapshot.ts";
import type { Original } from "./damage.ts";

/** Small enough for a small table to be read in several ranges, as a giant one is. */
const sliceBlocks = 64;

/** The snapshot of a tenant's database at that address, by the reader that every backup has. */
export function snapshotOf(url: string, tenant: Tenant, desk: Desk, wait: Waiting): Promise<Snapshot> {
  return openSnapshot({ url, scope: tenant.scope }, snapshotOptions(desk, tenant, sliceBlocks), wait);
}

/** Throws as the verb does, and when not every store of the tenant took the backup. */
export async function backUp(
  desk: Desk,
  tenant: Tenant,
  open: (wait: Waiting) => Promise<Snapshot>,
  wait: Waiting,
): Promise<BackupId> {
  const quiet = (): void => undefined;
  const watch = { opened: quiet, reading: quiet, read: quiet, ended: quiet, startingAnew: quiet };
  const verb = await backupDesk(desk, watch, quiet);
  const order = { ...(await backupOrder(desk, tenant)), openSnapshot: open };
  const report = await backup(verb, order, "manual", wait);
  if (report.backup === null || report.state !== "complete") {
    throw new Failure("internal/bug", `the backup of ${tenant.id} for the challenge is ${report.state}`);
  }
  return report.backup;
}

/** The same snapshot, of which what was measured and the schema archive are kept as they pass by. */
export function keepingOriginal(snapshot: Snapshot): {
  readonly snapshot: Snapshot;
  readonly original: () => Original;
} {
  const archive: Uint8Array[] = [];
  let kept: Original | null = null;
  async function* heard({ bytes }: PlainStream): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      archive.push(Uint8Array.from(part));
      yield part;
    }
  }
  async function* streams(wait: Waiting): AsyncGenerator<PlainStream> {
    for await (const stream of snapshot.streams(wait)) {
      yield stream.content === "schema" ? { ...stream, bytes: heard(stream) } : stream;
    }
  }
  return {
    snapshot: {
      at: snapshot.at,
      estimatedBytes: snapshot.estimatedBytes,
      streams,
      fingerprint: async (wait) => {
        const fingerprint = await snapshot.fingerprint(wait);
        kept = { fingerprint, archive: Buffer.concat(archive) };
        return fingerprint;
      },
      [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
    },
    original: () => {
      if (kept !== null) return kept;
      throw new Failure("internal/bug", "the original was not measured");
    },
  };
}
