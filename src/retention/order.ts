/** What retention is told about one tenant, and what it works with. */
import type { Signer } from "../keys/signing.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { KeepTerms } from "../model/keep.ts";
import type { Library } from "../repository/library.ts";
import type { ObjectReader, WholeStore } from "../stores/store.ts";

export interface RetentionOrder<S extends ObjectReader = ObjectReader> {
  readonly tenant: TenantId;
  /**
   * Every store that could hold anything of the tenant, not only those of its plan of today: a record
   * protects what it names wherever it lies (trap 26).
   */
  readonly stores: readonly S[];
  /** Those that are to hold its copies. */
  readonly own: ReadonlySet<StoreName>;
  readonly terms: Omit<KeepTerms, "now">;
  /** The largest share of the backups that one prune may remove, 0 to 1. */
  readonly shareMax: number;
  /** For how long each store that locks locks a new backup. */
  readonly lockMs: ReadonlyMap<StoreName, number>;
}

export type PruneOrder = RetentionOrder<WholeStore>;

export type RetentionDesk = Pick<Library, "trust" | "clock">;

export interface PruneDesk extends RetentionDesk {
  /** Of this host; it must be trusted for removals. */
  readonly signer: Signer;
}
