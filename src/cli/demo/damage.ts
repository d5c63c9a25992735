/** What a failing disk does, done on purpose to a directory store. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Tenant } from "../../config/config.ts";
import type { StoreName } from "../../model/ids.ts";
import { parseChunkKey } from "../../model/layout.ts";
import { keysToRead } from "../../repository/key-access.ts";
import { openCopy } from "../../repository/open-copy.ts";
import { tenantStates } from "../../repository/states.ts";
import type { Desk } from "../../desk/desk.ts";

/** Flips one bit in the middle of a chunk of the tenant's newest backup in that store; returns the object's key. */
export async function flipOneBit(
  desk: Desk,
  tenant: Tenant,
  name: StoreName,
  wait: Waiting,
): Promise<string> {
  const config = desk.config.stores.get(name);
  if (config?.driver !== "directory") throw new Failure("internal/bug", "the demo damages directories only");
  const library = await desk.library(tenant);
  const { backups } = await tenantStates(tenant.id, library, wait);
  const newest = backups[0];
  if (newest === undefined) throw new Failure("backup/none", `${tenant.id} has no backup`);
  const keys = keysToRead(tenant.id, library.trust, await desk.identity());
  const copy = await openCopy(
    { tenant: tenant.id, backup: newest.backup, keys },
    library,
    desk.sealing(),
    wait,
  );
  const victim = [...copy.inventory.values()]
    .filter(({ key }) => parseChunkKey(key) !== null)
    .reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));
  const path = join(config.path, victim.key);
  const body = await readFile(path);
  const middle = Math.floor(body.length / 2);
  body.writeUInt8(body.readUInt8(middle) ^ 1, middle);
  await writeFile(path, body);
  return victim.key;
}
