/**
 * What the verbs work with, built once from the configuration: the stores opened, the workers for
 * sealing, the keys of this host. A command takes what its verb needs and hands it down.
 */
import type { Config, Tenant } from "../config/config.ts";
import type { StoreName } from "../model/ids.ts";
import type { Opener, Sealer } from "../sealing/sealing.ts";
import type { WholeStore } from "../stores/store.ts";

export interface Desk extends AsyncDisposable {
  readonly config: Config;
  readonly stores: ReadonlyMap<StoreName, WholeStore>;
  /** The stores of a tenant, in order of preference. */
  storesOf(tenant: Tenant): readonly WholeStore[];
  /** Configured and discovered tenants; discovery asks the sources once. */
  tenants(): Promise<readonly Tenant[]>;
  /** "tenant/unknown" when neither configured nor discovered; sources are asked only when it is not configured. */
  tenant(id: string): Promise<Tenant>;
  /** Workers start on the first call and end with the desk. */
  sealing(): Promise<Sealer & Opener>;
}
