/** What the observer is told: whom it watches, by what terms, and what it may ask. */
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { TenantSchedule } from "../model/schedule.ts";
import type { HealthTerms } from "../repository/health.ts";
import type { ObjectReader } from "../stores/store.ts";

export interface ObservedStore {
  readonly reader: ObjectReader;
  /** Whether its clock can be asked without writing to it, which a directory's cannot. */
  readonly tellsTime: boolean;
}

export interface ObservedTenant {
  readonly terms: HealthTerms;
  /** Null: it is under no plan that we know, and nothing is expected of it. */
  readonly schedule: TenantSchedule | null;
}

export interface ObserverOrder {
  /** Preferred ones first. */
  readonly stores: readonly ObservedStore[];
  /** Those that are named in the configuration. */
  readonly tenants: ReadonlyMap<TenantId, ObservedTenant>;
  /** How one is to be looked at that is only known from the stores named. */
  readonly stranger: (tenant: TenantId, holders: readonly StoreName[]) => ObservedTenant;
  readonly trust: TrustRing;
  readonly clock: Clock;
  readonly chance: Chance;
}
