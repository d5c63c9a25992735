/**
 * What the verbs work with, built once from the configuration: the stores opened, the workers for
 * sealing, the keys of this host. A command takes what its verb needs and hands it down. What is
 * asked for with a call is made on the first call, kept, and closed with the desk, so that a command
 * needs only the secrets it uses.
 */
import type { ByteRate } from "../base/byte-rate.ts";
import type { Failure } from "../base/failure.ts";
import type { Budget } from "../base/limit.ts";
import type { Config, Tenant } from "../config/config.ts";
import type { Discovery } from "../config/match-discovered.ts";
import type { Mint } from "../keys/bear-key-set.ts";
import type { Signer, TrustRing } from "../keys/signing.ts";
import type { SourceName, StoreName } from "../model/ids.ts";
import type { Library } from "../repository/library.ts";
import type { Opener, Sealer } from "../sealing/sealing.ts";
import type { AnyStore } from "../stores/around.ts";
import type { Machine } from "./machine.ts";

export interface Desk extends AsyncDisposable {
  readonly config: Config;
  readonly machine: Machine;
  /** One whose secrets cannot be read fails at every call, as one that is down does, and holds up no other. */
  readonly stores: ReadonlyMap<StoreName, AnyStore>;
  /** In order of preference. */
  storesOf(tenant: Tenant): readonly AnyStore[];
  /** What reading a tenant's backups takes. */
  library(tenant: Tenant): Promise<Library>;

  /** Configured tenants, then discovered ones. A source that cannot be asked: its failure. */
  tenants(): Promise<readonly Tenant[]>;
  /** "tenant/unknown" when neither configured nor discovered; sources are asked only when it is not configured. */
  tenant(id: string): Promise<Tenant>;
  /** What the rules of discovery find, with what they could not use and which sources could not be asked. */
  discovery(): Promise<SourcesAsked>;

  /** Who is believed, for what. */
  trust(): Promise<TrustRing>;
  /** "keys/role" when the configuration gives this host no signing key. */
  signer(): Promise<Signer>;
  /** The age identity of this host; null when the configuration gives it none. */
  identity(): Promise<string | null>;
  /** What making key sets takes. */
  mint(): Promise<Mint>;

  /** Worker threads for sealing and opening. */
  sealing(): Sealer & Opener;
  /** Sealed bytes on their way to stores. */
  readonly inFlight: Budget;

  /** What scrubs may read of a store, over the whole process. */
  scrubRate(store: StoreName): ByteRate;

  /** Folders that may hold PostgreSQL's programs, beside the usual ones. */
  readonly binFolders: readonly string[];
  /** User and group of scratch servers; undefined when we are not root and they run as ourselves. "scratch/start" when there is no such user. */
  scratchUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined>;
}

export interface SourcesAsked extends Discovery {
  readonly unreachable: readonly { readonly source: SourceName; readonly failure: Failure }[];
}
