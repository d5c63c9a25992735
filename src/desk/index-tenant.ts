/** From what the stores hold of a tenant into the catalog's index. */
import type { Waiting } from "../base/waiting.ts";
import type { Catalog, IndexedBackup } from "../catalog/catalog.ts";
import type { Tenant } from "../config/config.ts";
import type { TenantId } from "../model/ids.ts";
import type { Library } from "../repository/library.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { tenantStates, type TenantStates } from "../repository/states.ts";
import type { Desk } from "./desk.ts";

/** A catalog of which the index alone is needed, and its clock. */
export type Indexing = Pick<Catalog, "index" | "now">;

/** Asks the tenant's stores; resolves with what they said. "store/quorum" when none could be asked, and nothing was changed. */
export async function indexTenant(
  desk: Pick<Desk, "library">,
  catalog: Indexing,
  tenant: Tenant,
  wait: Waiting,
): Promise<TenantStates> {
  return indexFrom(await desk.library(tenant), catalog, tenant.id, wait);
}

/** The same from these stores, for a tenant that the configuration may not know. What other stores hold stays as it was. */
export async function indexFrom(
  library: Library,
  { index, now }: Indexing,
  tenant: TenantId,
  wait: Waiting,
): Promise<TenantStates> {
  // Before the look, so that the index never claims to be newer than it is.
  const at = await now(wait);
  const states = await tenantStates(tenant, library, wait);
  const down = new Set(states.down.map(({ store }) => store));
  const asked = library.stores.map(({ name }) => name).filter((name) => !down.has(name));
  await index.refresh(tenant, { backups: states.backups.map(indexed), asked, at }, wait);
  return states;
}

function indexed({ backup, kind, at, plainBytes, suspect, copies, record }: BackupEntry): IndexedBackup {
  return {
    backup,
    kind,
    at: new Date(at),
    finishedAt: new Date(record?.finishedAt ?? at),
    plainBytes,
    sealedBytes: record?.sealedBytes ?? 0,
    suspect,
    copies: Array.from(copies, ([store, { state, proof }]) => ({
      store,
      state,
      proof: proof === null ? null : { verdict: proof.verdict, at: new Date(proof.at) },
    })),
  };
}
