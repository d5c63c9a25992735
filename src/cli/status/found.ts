/** What `holdfast status` found, as its JSON has it, and how bad that is. */
import { exitCodes } from "../../base/failure.ts";
import type { QueueCount } from "../../catalog/queue.ts";
import { type Breach, breaches, type TenantHealth } from "../../model/health.ts";
import type { QueueName } from "../../model/job.ts";
import type { Exit } from "../frame/command.ts";

export interface Status {
  readonly at: string;
  readonly catalog: "up" | "not-running" | "unreachable";
  /** Those connected now; null where the catalog cannot tell, as with what follows. */
  readonly daemons: readonly { readonly host: string; readonly heardAt: string | null }[] | null;
  readonly scheduler: Scheduler | null;
  readonly tenants: {
    readonly total: number;
    readonly byBreach: Readonly<Partial<Record<Breach, number>>>;
    /** Worst first. */
    readonly breaching: readonly BreachingTenant[];
  } | null;
  readonly queues: readonly QueueCount[] | null;
  /** Longest running first, at most a hundred. */
  readonly running: readonly RunningWork[] | null;
  readonly deadLetters: readonly GivenUp[] | null;
  /** Tenants of which nothing is removed before somebody has looked; at most a hundred. */
  readonly stoppedPrunes: readonly { readonly tenant: string; readonly at: string }[] | null;
  readonly stores: readonly {
    readonly store: string;
    readonly up: boolean;
    readonly problem: string | null;
  }[];
}

export interface Scheduler {
  /** Up to when slots were handed out; null: never yet. */
  readonly watermark: string | null;
  readonly ageSeconds: number | null;
  /** It lies back farther than beats are apart: nobody hands out slots. */
  readonly isLate: boolean;
}

export interface BreachingTenant {
  readonly tenant: string;
  readonly breaches: readonly Breach[];
  readonly newestBackup: string | null;
  readonly recoveryPoint: string | null;
  readonly copies: number;
  readonly copiesRequired: number;
}

export interface RunningWork {
  readonly queue: QueueName;
  readonly tenant: string;
  readonly work: string;
  readonly since: string;
}

export interface GivenUp {
  readonly queue: QueueName;
  readonly tenant: string;
  readonly work: string;
  /** Null: its worker died. */
  readonly code: string | null;
  readonly at: string;
}

/** What costs data first is what to look at first. */
const worstFirst: readonly Breach[] = [
  "refuted",
  "never-backed-up",
  "recovery-point",
  "backup-late",
  "copies",
  "proof-late",
  "scrub-late",
];

export function breachingTenants(health: readonly TenantHealth[], now: Date): NonNullable<Status["tenants"]> {
  const found = health.flatMap((one) => {
    const all = breaches(one, now);
    return all.length === 0 ? [] : [breachingTenant(one, all)];
  });
  const counts = worstFirst.map((kind) => [kind, found.filter((one) => one.breaches.includes(kind)).length]);
  return {
    total: health.length,
    byBreach: Object.fromEntries(counts.filter(([, tenants]) => tenants !== 0)),
    breaching: found.toSorted(
      (one, other) =>
        rank(one) - rank(other) ||
        other.breaches.length - one.breaches.length ||
        order(one.recoveryPoint ?? "", other.recoveryPoint ?? ""),
    ),
  };
}

function breachingTenant(health: TenantHealth, all: readonly Breach[]): BreachingTenant {
  const newest = [...health.lastSuccess.values()].toSorted((a, b) => b.getTime() - a.getTime())[0];
  return {
    tenant: health.tenant,
    breaches: all.toSorted((one, other) => worstFirst.indexOf(one) - worstFirst.indexOf(other)),
    newestBackup: newest?.toISOString() ?? null,
    recoveryPoint: health.recoveryPoint?.toISOString() ?? null,
    copies: health.copies,
    copiesRequired: health.copiesRequired,
  };
}

function rank({ breaches: [worst] }: BreachingTenant): number {
  return worst === undefined ? worstFirst.length : worstFirst.indexOf(worst);
}

/** Oldest recovery point first, none before all. */
function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A refuted copy is what an operator must hear of first. */
export function exitOf(found: Status): Exit {
  const { tenants, daemons, scheduler, deadLetters, stoppedPrunes, stores } = found;
  if (tenants?.breaching.some((one) => one.breaches.includes("refuted")) === true) return exitCodes.found;
  const isWell =
    tenants?.breaching.length === 0 &&
    (daemons?.length ?? 0) > 0 &&
    scheduler?.isLate === false &&
    deadLetters?.length === 0 &&
    stoppedPrunes?.length === 0 &&
    stores.every(({ up }) => up);
  return isWell ? exitCodes.done : exitCodes.degraded;
}
