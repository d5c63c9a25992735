/** What a scrape says of the tenants: a few series of each, and how many of them are in breach of what. */
import {
  type Breach,
  breaches,
  breachKinds,
  recoveryPointAgeMs,
  type TenantHealth,
} from "../model/health.ts";
import type { Family, Labels } from "./exposition.ts";

/** Which tenants get series of their own; the counts are always there, so that `none` still alerts. */
export type PerTenant = "all" | "breaching" | "none";

type Sample = readonly [Labels, number];

export interface FleetOptions {
  readonly perTenant: PerTenant;
  readonly now: Date;
}

/**
 * Gauges of a fleet at `now`, in base units; times are Unix seconds. Null: nobody knows how the tenants
 * stand, and then no family has a sample: a fleet of 0 tenants, none of them in breach, would look like health.
 */
export function fleetFamilies(
  fleet: readonly TenantHealth[] | null,
  options: FleetOptions,
): readonly Family[] {
  const families = familiesOf(fleet ?? [], options);
  return fleet === null ? families.map((one) => ({ ...one, samples: [] })) : families;
}

function familiesOf(fleet: readonly TenantHealth[], { perTenant, now }: FleetOptions): readonly Family[] {
  const judged = fleet.map((one) => ({ one, found: breaches(one, now) }));
  const shown = judged.filter(({ found }) => isShown(found, perTenant)).map(({ one }) => one);
  const each: Each = (samples) => shown.flatMap(samples);
  return [
    ...fleetAsWhole(judged.map(({ found }) => found)),
    ...backupFamilies(each),
    ...copyFamilies(each),
    ...lookFamilies(each),
    ...objectiveFamilies(each, now),
  ];
}

/** The samples of every tenant that has series of its own. */
type Each = (samples: (one: TenantHealth) => readonly Sample[]) => readonly Sample[];

/** What each tenant is in breach of. */
function fleetAsWhole(broken: readonly (readonly Breach[])[]): readonly Family[] {
  return [
    {
      name: "holdfast_tenants",
      help: "Tenants that are looked after.",
      samples: [[[], broken.length]],
    },
    {
      name: "holdfast_tenants_breaching",
      help: "Tenants that are not as their plan wants them, by what is amiss.",
      samples: breachKinds.map((breach) => [
        [["breach", breach]],
        broken.filter((found) => found.includes(breach)).length,
      ]),
    },
  ];
}

function backupFamilies(each: Each): readonly Family[] {
  return [
    {
      name: "holdfast_backup_last_success_timestamp_seconds",
      help: "Recovery point of the newest backup that counts.",
      samples: each((one) =>
        Array.from(one.lastSuccess, ([kind, at]) => [[tenant(one), ["kind", kind]], seconds(at)]),
      ),
    },
    {
      name: "holdfast_backup_late_timestamp_seconds",
      help: "From when on the next backup of the kind is or was late.",
      samples: each((one) =>
        Array.from(one.lateFrom ?? [], ([kind, at]) => [[tenant(one), ["kind", kind]], seconds(at)]),
      ),
    },
    {
      name: "holdfast_expected_interval_seconds",
      help: "Within which a new backup is expected.",
      samples: each((one) =>
        one.expectedIntervalMs === null ? [] : [[[tenant(one)], one.expectedIntervalMs / 1000]],
      ),
    },
  ];
}

function copyFamilies(each: Each): readonly Family[] {
  return [
    {
      name: "holdfast_copies",
      help: "Whole copies of the newest backup that counts.",
      samples: each((one) => [[[tenant(one)], one.copies]]),
    },
    {
      name: "holdfast_copies_required",
      help: "Copies that the plan wants of each backup.",
      samples: each((one) => [[[tenant(one)], one.copiesRequired]]),
    },
    {
      name: "holdfast_copies_refuted",
      help: "Copies that a proof refuted or that are known to be damaged.",
      samples: each((one) => [[[tenant(one)], one.refutedCopies]]),
    },
  ];
}

/** When copies were last looked at, and when they are to be. */
function lookFamilies(each: Each): readonly Family[] {
  return [
    {
      name: "holdfast_proof_last_timestamp_seconds",
      help: "When a copy in the store was last proven.",
      samples: each((one) =>
        Array.from(one.proofs, ([store, at]) => [[tenant(one), ["store", store]], seconds(at)]),
      ),
    },
    {
      name: "holdfast_proof_due_timestamp_seconds",
      help: "When the copy that has waited longest is or was due to be proven.",
      samples: each((one) => (one.proofDueAt === null ? [] : [[[tenant(one)], seconds(one.proofDueAt)]])),
    },
    {
      name: "holdfast_scrub_due_timestamp_seconds",
      help: "When the copy scrubbed longest ago is or was due to be scrubbed.",
      samples: each((one) => {
        const { scrubDueAt = null } = one;
        return scrubDueAt === null ? [] : [[[tenant(one)], seconds(scrubDueAt)]];
      }),
    },
  ];
}

/** What the plan promises, and how far it is kept. */
function objectiveFamilies(each: Each, now: Date): readonly Family[] {
  return [
    {
      name: "holdfast_recovery_point_age_seconds",
      help: "Age of the newest proven backup; of the oldest one while none is proven.",
      samples: each((one) => {
        const ageMs = recoveryPointAgeMs(one, now);
        return ageMs === null ? [] : [[[tenant(one)], ageMs / 1000]];
      }),
    },
    {
      name: "holdfast_objective_seconds",
      help: "What the plan promises.",
      samples: each((one) => [
        [[tenant(one), ["objective", "recovery_point"]], one.objectives.recoveryPointMs / 1000],
        [[tenant(one), ["objective", "recovery_time"]], one.objectives.recoveryTimeMs / 1000],
      ]),
    },
  ];
}

function isShown(found: readonly Breach[], perTenant: PerTenant): boolean {
  return perTenant === "all" || (perTenant === "breaching" && found.length > 0);
}

function tenant(one: TenantHealth): Labels[number] {
  return ["tenant", one.tenant];
}

function seconds(at: Date): number {
  return at.getTime() / 1000;
}
