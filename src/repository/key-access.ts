/** How verbs come to a tenant's keys: which generation, from which store, opened as far as this host may. */
import { sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { TenantId } from "../model/ids.ts";
import type { Mint } from "../keys/bear-key-set.ts";
import { readKeySet } from "../keys/key-set.ts";
import { ensureKeySet } from "../keys/mint-key-set.ts";
import { openKeySet, openToName } from "../keys/open-key-set.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { DraftOrder } from "./draft-state.ts";
import type { CopyRequest } from "./open-copy.ts";

/** For a backup: the newest generation, born now if there is none, and given to every store that is left. */
export function keysToBackUp(tenant: TenantId, mint: Mint, hostIdentity: string | null): DraftOrder["keys"] {
  return async (shelves, least, wait) => {
    // Stores that failed already are named too: which generations a store may make hangs on its place among all.
    const stores = shelves.all.map(({ store }) => store);
    const terms = { away: new Set(shelves.failures.keys()), quorum: shelves.quorum, least };
    const { keySet, places, refusals } = await ensureKeySet(tenant, stores, mint, wait, terms);
    const unused = refusals.filter(({ generation }) => generation !== null);
    const lines = keySet.objects.map(({ key, body }) => ({ key, bytes: body.length, sha256: sha256(body) }));
    return { keys: await openToName(keySet, hostIdentity), lines, places, refusals: unused };
  };
}

/**
 * For reading a backup: the key set whose statement its inventory names, from the first store that shows
 * it signed; what the statement names comes from whichever store has it, as all objects of a backup do. When none
 * shows it, or some part is whole nowhere, the failure of the first one asked. (Two sets of one generation should
 * not be, but a store that was lost and replaced may have brought one into the world.)
 */
export function keysToRead(
  tenant: TenantId,
  trust: TrustRing,
  hostIdentity: string | null,
): CopyRequest["keys"] {
  return async ({ generation, statement }, stores, wait) => {
    let first: Failure | undefined;
    for (const store of stores) {
      try {
        const parts = [store, ...stores.filter((other) => other !== store)];
        const keySet = await readKeySet({ tenant, generation, store, parts }, trust, wait);
        const [, , shown] = keySet.objects;
        if (statement === null || sha256(shown.body) === statement)
          return await openKeySet(keySet, hostIdentity);
        const another = `${shown.key} in ${store.name} is not the one the backup was made with`;
        throw new Failure("store/corrupt", another);
      } catch (error) {
        if (!isFailure(error) || wait.signal.aborted) throw error;
        first ??= error;
      }
    }
    throw first ?? new Failure("store/absent", `there is no store to read the keys of ${tenant} from`);
  };
}
