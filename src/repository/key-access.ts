/** How verbs come to a tenant's keys: which generation, from which store, opened as far as this host may. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantId } from "../model/ids.ts";
import { readKeySet } from "../keys/key-set.ts";
import { ensureKeySet, type Mint } from "../keys/mint-key-set.ts";
import { openKeySet } from "../keys/open-key-set.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { TenantKeys } from "../keys/tenant-keys.ts";
import type { ObjectReader, Store } from "../stores/store.ts";
import type { DraftOrder } from "./draft-state.ts";
import type { CopyRequest } from "./open-copy.ts";

/** For a backup: the newest generation, born now if there is none. */
export function keysToBackUp(tenant: TenantId, mint: Mint, hostIdentity: string | null): DraftOrder["keys"] {
  return async (stores: readonly Store[], wait: Waiting): Promise<TenantKeys> => {
    const { keySet } = await ensureKeySet(tenant, stores, mint, wait);
    return openKeySet(keySet, hostIdentity);
  };
}

/**
 * For reading a backup: that very generation, from the first store that shows it whole and signed.
 * When none does, the failure of the first one asked.
 */
export function keysToRead(
  tenant: TenantId,
  trust: TrustRing,
  hostIdentity: string | null,
): CopyRequest["keys"] {
  return async (generation: number, stores: readonly ObjectReader[], wait: Waiting): Promise<TenantKeys> => {
    let first: Failure | undefined;
    for (const store of stores) {
      try {
        return await openKeySet(await readKeySet(tenant, generation, store, trust, wait), hostIdentity);
      } catch (error) {
        if (!isFailure(error) || wait.signal.aborted) throw error;
        first ??= error;
      }
    }
    throw first ?? new Failure("store/absent", `there is no store to read the keys of ${tenant} from`);
  };
}
