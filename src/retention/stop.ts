/** Why nothing of a tenant is removed: findings that somebody has to look at (trap 26). */
import type { StoreName } from "../model/ids.ts";
import type { StoreDown } from "../repository/library.ts";

export interface Stop {
  readonly reason: StopReason;
  /** Null: about the tenant as a whole. */
  readonly store: StoreName | null;
  readonly detail: string;
}

export type StopReason =
  /** What it holds is unknown, and it may name anything. */
  | "store-down"
  /** It shows a tombstone that nobody trusts, has lost its `holdfast.json`, or is another one under a second name. */
  | "store-doubtful"
  | "records-missing"
  | "record-gap"
  | "record-unreadable"
  | "inventory-unreadable"
  | "hold-unreadable"
  /** A hold was laid between the look and the removal. */
  | "held-meanwhile"
  | "list-unreadable"
  /** A list of condemned keys did not reach every store. */
  | "list-unwritten"
  | "share";

export function storeDown({ store, failure }: StoreDown): Stop {
  return { reason: "store-down", store, detail: failure.message };
}
