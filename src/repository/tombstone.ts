/** An erased tenant stays erased: no backup under its id, whichever store says so (design, section 6). */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { tombstone } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { erasedKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { readSigned } from "./signed.ts";

/**
 * Throws "policy/refused" when the store holds a trusted tombstone. One that cannot be trusted is
 * "keys/signature": it may be forged to stop the backups of a tenant, or real and signed by a key we
 * do not know, so that store is not written to while the others decide.
 */
export async function refuseErased(
  tenant: TenantId,
  store: ObjectReader,
  { trust }: Pick<Library, "trust">,
  wait: Waiting,
): Promise<void> {
  const key = erasedKey(tenant);
  if ((await store.stat(key, wait)) === null) return;
  const misplaced = (found: { readonly tenant: TenantId }): string | null =>
    found.tenant === tenant ? null : `it is the tombstone of ${found.tenant}`;
  try {
    const reading = await readSigned(
      store,
      key,
      { purpose: "removal", schema: tombstone, trust, misplaced },
      wait,
    );
    if (reading.kind === "good") {
      const hint = "an erased id is never used again; choose another";
      throw new Failure("policy/refused", `tenant ${tenant} was erased at ${reading.document.at}`, { hint });
    }
    const hint = `examine ${key}; remove it if nobody erased ${tenant}`;
    throw new Failure(
      "keys/signature",
      `the tombstone of ${tenant} in ${store.name} is not trusted: ${reading.detail}`,
      { hint },
    );
  } catch (error) {
    if (!isFailure(error, "store/absent")) throw error;
  }
}
