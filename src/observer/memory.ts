/** What the observer keeps between two passes; losing it costs time and the memory of what was, nothing else. */
import type { Clock } from "../base/clock.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { BoundId, TenantLook } from "./look.ts";
import { DocumentMemory } from "./remembering.ts";

/** A clock that shows an earlier time than the first was set back, and how long that is ago it cannot tell. */
export interface Lasting {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function isLasting({ fromMs, untilMs }: Lasting, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

export interface RememberedLook {
  readonly look: TenantLook;
  /** What a glance at each store that was asked showed just before. */
  readonly glances: ReadonlyMap<StoreName, string>;
  /** A look is made anew outside of this time, whatever glances show: chunks may go without a trace elsewhere. */
  readonly lasts: Lasting;
}

/** Whom a store holds; asking that takes a request for each tenant, one after the other. */
export interface RememberedHolder {
  readonly tenants: readonly TenantId[];
  readonly lasts: Lasting;
}

export interface ObserverMemory {
  readonly holders: Map<StoreName, RememberedHolder>;
  readonly documents: DocumentMemory;
  readonly looks: Map<TenantId, RememberedLook>;
  /** The highest record of each tenant that was ever seen. */
  readonly tips: Map<TenantId, NonNullable<TenantLook["highest"]>>;
  /** The id that each store had when it was first seen, or when a proof last bound it. */
  readonly storeIds: Map<StoreName, BoundId>;
}

const documentBytesMax = 128 * 1024 * 1024;

export function newMemory(clock: Clock): ObserverMemory {
  return {
    holders: new Map(),
    documents: new DocumentMemory(documentBytesMax, clock),
    looks: new Map(),
    tips: new Map(),
    storeIds: new Map(),
  };
}
