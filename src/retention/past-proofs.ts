/**
 * Proofs of backups that are gone go with them, or reading the proofs of a tenant would take longer every
 * day. Not so where one of them found objects damaged: another backup may name the same objects, and
 * nobody must reuse them (trap 23). What cannot be read or trusted stays.
 */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupId, ObjectKey, TenantId } from "../model/ids.ts";
import { parseProofKey, proofsPrefix } from "../model/layout.ts";
import { readProof } from "../repository/proofs.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { RetentionDesk } from "./order.ts";

const readsAtOnce = 8;

/** The keys of such proofs and of the sealed details beside them. */
export async function pastProofs(
  { tenant, stores }: { readonly tenant: TenantId; readonly stores: readonly ObjectReader[] },
  hasRecord: (backup: BackupId) => boolean,
  desk: RetentionDesk,
  wait: Waiting,
): Promise<ReadonlySet<ObjectKey>> {
  const found = new Map<ObjectKey, BackupId>();
  const telling = new Set<BackupId>();
  for (const store of stores) {
    await eachAtOnce(store.list(proofsPrefix(tenant), wait), readsAtOnce, async ({ key }) => {
      const backup = parseProofKey(stemOf(key))?.backup;
      if (backup === undefined || hasRecord(backup)) return;
      found.set(key, backup);
      if (stemOf(key) !== key) return;
      const proof = await readProof({ tenant, key }, store, desk, wait);
      if (proof === null || proof.damaged.length > 0 || (proof.misnamed ?? []).length > 0)
        telling.add(backup);
    });
  }
  return new Set([...found].filter(([, backup]) => !telling.has(backup)).map(([key]) => key));
}

/** The proof that a sealed detail lies beside; any other key is its own. */
function stemOf(key: ObjectKey): string {
  return key.replace(/\.detail\.age$/, ".jws");
}
