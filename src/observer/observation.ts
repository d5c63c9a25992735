/** What the observer may find: data, never a failure; the set of kinds is closed, so that they may be labels. */
import { breachKinds } from "../model/health.ts";
import type { StoreName, TenantId } from "../model/ids.ts";

export const observationKinds = [
  ...breachKinds,
  /** Tenants lie in the stores that no configured plan is known for, so that nothing can be expected of them. */
  "tenant-unplanned",
  /** A slot of the plan passed, and no backup that counts came of it. */
  "missed-window",
  /** A store lacks a record that another one shows, or shows other bytes of it. */
  "stores-differ",
  /** A record names a predecessor that no store shows. */
  "chain-gap",
  /** The newest record that was seen here before is shown by no store any more. */
  "rolled-back",
  /** A record or proof of a time that has not come yet. */
  "from-future",
  /** A signature of an unknown host, or of one that may not sign this. */
  "untrusted-signature",
  /** A condemned list or a tombstone that nobody we trust has signed. */
  "untrusted-removal",
  /** A signed document that cannot be read: another format, no such document, or not under its own key. */
  "unreadable-document",
  /** Other stores go on receiving records, and this one does not. */
  "store-stalled",
  /** The id of the store is not the one that it had, or that proofs of its copies name. */
  "store-changed",
  /** It holds no `holdfast.json` that can be read, so no proof can be bound to it. */
  "store-unmarked",
  /** Two names stand for one place. */
  "same-place",
  /** The clock of the store is more than five minutes off. */
  "store-clock",
] as const;
export type ObservationKind = (typeof observationKinds)[number];

/** One kind of trouble of one tenant in one store; many documents of it are one observation. */
export interface Observation {
  readonly kind: ObservationKind;
  /** Null: of a store as a whole, or of many tenants. */
  readonly tenant: TenantId | null;
  /** Null: of no single store. */
  readonly store: StoreName | null;
  /** How many documents, backups, copies or tenants are meant. */
  readonly count: number;
  /** One of them, in words. */
  readonly detail: string;
}

/** Joins those of one kind, tenant and store: who can write to a store could otherwise fill our memory with them. */
export function joined(observations: Iterable<Observation>): readonly Observation[] {
  const found = new Map<string, Observation>();
  for (const one of observations) {
    const key = `${one.kind} ${one.tenant ?? ""} ${one.store ?? ""}`;
    const before = found.get(key);
    found.set(key, before === undefined ? one : { ...before, count: before.count + one.count });
  }
  return [...found.values()];
}

/** Those of stores first, then tenant by tenant. */
export function inOrder(observations: readonly Observation[]): readonly Observation[] {
  const place = ({ kind, tenant, store }: Observation): string =>
    `${tenant ?? ""} ${String(observationKinds.indexOf(kind)).padStart(3, "0")} ${store ?? ""}`;
  return observations.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
}

/** How many of each kind; those with none are there as well. */
export function countKinds(observations: readonly Observation[]): ReadonlyMap<ObservationKind, number> {
  const counts = new Map<ObservationKind, number>(observationKinds.map((kind) => [kind, 0]));
  for (const { kind } of observations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
