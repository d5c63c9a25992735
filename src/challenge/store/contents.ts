import type { Waiting } from "../../base/waiting.ts";
import { openCopy, type OpenedCopy } from "../../repository/open-copy.ts";
import { keysToRead } from "../../repository/key-access.ts";
import { parseChunkKey } from "../../model/layout.ts";
import type { BackupId, ObjectKey, TenantId } from "../../model/ids.ts";
import type { Ground } from "../ground.ts";
import type { Contents } from "./store-damage.ts";

/** What the copy on trial holds, opened as a restore would open it. */
export async function contentsOf(ground: Ground, wait: Waiting): Promise<Contents> {
  const { tenant, neighbour, newest, older, neighbours } = ground;
  const [copy, former, theirs] = [
    await opened(ground, tenant.id, newest, wait),
    await opened(ground, tenant.id, older, wait),
    await opened(ground, neighbour.id, neighbours, wait),
  ];
  return {
    manifest: copy.manifest,
    inventory: copy.inventory,
    recipient: copy.keys.recipient,
    formerChunks: chunksOf(former).filter((key) => !copy.inventory.has(key)),
    neighboursChunks: chunksOf(theirs),
  };
}

async function opened(
  { desk, tenant }: Ground,
  id: TenantId,
  backup: BackupId,
  wait: Waiting,
): Promise<OpenedCopy> {
  const library = await desk.library(tenant);
  const keys = keysToRead(id, library.trust, await desk.identity());
  return openCopy({ tenant: id, backup, keys }, library, desk.sealing(), wait);
}

function chunksOf({ inventory }: OpenedCopy): readonly ObjectKey[] {
  return [...inventory.keys()].filter((key) => parseChunkKey(key) !== null);
}
