/**
 * Chunks that do not hold what they are named for. A host that may sign records can put anything under the name of the
 * tenant's own rows; every later backup of an honest host reuses it by that name, looks complete, and restores to
 * something else. Their bytes are those of the inventory, so that no scrub sees it, and no worker can open them.
 */
import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import { release } from "../base/release.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import { parseChunkKey } from "../model/layout.ts";
import type { OpenedCopy } from "../repository/open-copy.ts";
import { chunkName, deriveKeys } from "../sealing/name.ts";

/** Each at most 8 MiB. */
const opensAtOnce = 8;

/**
 * Every one of the copy, sorted; none where this host may not name chunks. Each chunk is read and opened once more, so
 * only where the copy's own bytes may be why it was not proven. What the store lacks or has altered is not among them.
 */
export async function findMisnamed(
  copy: Pick<OpenedCopy, "manifest" | "keys" | "openChunk">,
  wait: Waiting,
): Promise<readonly ObjectKey[]> {
  const { idKey } = copy.keys;
  if (idKey === null) return [];
  const derived = deriveKeys(idKey);
  const keys = new Set(copy.manifest.streams.flatMap(({ chunks }) => chunks.map(({ key }) => key)));
  const misnamed: ObjectKey[] = [];
  await eachAtOnce(keys, opensAtOnce, async (key) => {
    const name = await nameOf(key);
    if (name !== null && name !== parseChunkKey(key)?.name) misnamed.push(key);
  });
  return misnamed.toSorted();

  /** Null where the store has not the bytes; empty of what cannot be opened. */
  async function nameOf(key: ObjectKey): Promise<string | null> {
    try {
      const plain = await copy.openChunk(key, wait);
      const name = chunkName(plain, derived);
      release(plain);
      return name;
    } catch (error) {
      if (isFailure(error, "sealing/damaged")) return "";
      if (isFailure(error, "store/absent") || isFailure(error, "store/corrupt")) return null;
      throw error;
    }
  }
}
