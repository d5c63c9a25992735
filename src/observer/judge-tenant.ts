/** What is amiss with one tenant, by its plan, at this moment; a pure rule over the last look. */
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { type Breach, breaches, type TenantHealth } from "../model/health.ts";
import { spell } from "../model/duration.ts";
import type { StoreName } from "../model/ids.ts";
import { counts, healthOf, type Standing } from "../repository/health.ts";
import type { TenantLook } from "./look.ts";
import type { Observation, ObservationKind } from "./observation.ts";
import type { ObservedTenant } from "./order.ts";
import { closedWindows } from "./windows.ts";

export interface JudgedTenant {
  /** Null for one that was erased: nothing is expected of it any more. */
  readonly health: TenantHealth | null;
  readonly observations: readonly Observation[];
}

interface Judging {
  /** Stores of the tenant that could not be asked now. */
  readonly unasked: ReadonlySet<StoreName>;
  /** The highest record that was ever seen here; null on the first look. */
  readonly tip: TenantLook["highest"];
  readonly now: Date;
}

/** A backup reaches its stores within minutes of each other; what is missing after an hour was not on its way. */
const settleMs = 3_600_000;

export function judgeTenant(
  look: TenantLook,
  { terms, schedule }: ObservedTenant,
  { unasked, tip, now }: Judging,
): JudgedTenant {
  if (look.erased) return { health: null, observations: look.observations };
  const { tenant } = look;
  const health = healthOf(look.backups, terms, unasked);
  const found: Observation[] = [...look.observations];
  const add = (kind: ObservationKind, detail: string, store: StoreName | null = null, count = 1): void => {
    found.push({ kind, tenant, store, count, detail });
  };
  for (const breach of breaches(health, now)) {
    // Copies are told store by store, and those of a store that is silent are unknown.
    if (breach === "refuted" || (breach === "copies" && unasked.size > 0)) continue;
    add(breach, wordsOf(breach, health, now));
  }
  const believed = look.backups.filter(({ suspect }) => !suspect);
  for (const store of terms.stores) {
    const bad = believed.filter((one) => isBad(one, store));
    const [one] = bad;
    if (one !== undefined)
      add("refuted", look.troubles.get(store) ?? `${one.backup} was refuted`, store, bad.length);
    const absent = unasked.has(store) ? [] : believed.filter((one) => isAbsent(one, store, now));
    const [first] = absent;
    if (first !== undefined)
      add("stores-differ", `${first.backup} lies in other stores and not in this one`, store, absent.length);
  }
  const windows = schedule === null ? [] : closedWindows(schedule, now);
  for (const { kind, openedAt } of windows.filter((one) => wasThere(believed, one.openedAt))) {
    if (!believed.some((one) => one.kind === kind && startedIn(one, openedAt) && counts(one, terms, unasked)))
      add("missed-window", `no ${kind} backup came of the window of ${openedAt.toISOString()}`);
  }
  // What a silent store holds may be just what is missing.
  if (unasked.size === 0) {
    const [gap] = look.gaps;
    if (gap !== undefined)
      add(
        "chain-gap",
        `${gap.backup} follows ${gap.missing}, which is ${gap.reason}`,
        null,
        look.gaps.length,
      );
    if (tip !== null && (look.highest?.counter ?? 0) < tip.counter)
      add("rolled-back", `${tip.backup} was here, and no store shows it or a later one any more`);
  }
  return { health, observations: found };
}

/** Nothing was missed by a tenant whose very first backup came after the window; without any backup it may have been there. */
function wasThere(believed: readonly Standing[], openedAt: Date): boolean {
  const first = believed.find(({ record }) => record?.counter === 1);
  return first === undefined || !startedIn(first, openedAt);
}

/** Its time is that of the snapshot by the source's clock, which may differ a little from ours. */
function startedIn({ at }: Standing, openedAt: Date): boolean {
  return Date.parse(at) >= openedAt.getTime() - clockToleranceMs;
}

function isBad({ copies }: Standing, store: StoreName): boolean {
  const copy = copies.get(store);
  return copy?.state === "damaged" || copy?.proof?.verdict === "refuted";
}

function isAbsent({ copies, record, at }: Standing, store: StoreName, now: Date): boolean {
  const settled = now.getTime() - Date.parse(record?.finishedAt ?? at) > settleMs;
  return settled && copies.get(store)?.state === "missing";
}

function wordsOf(breach: Breach, health: TenantHealth, now: Date): string {
  const ago = (at: Date | null | undefined): string =>
    at === null || at === undefined ? "never" : `${spell(now.getTime() - at.getTime())} ago`;
  switch (breach) {
    case "backup-late": {
      const newest = new Date(Math.max(...[...health.lastSuccess.values()].map((at) => at.getTime())));
      return `the newest backup that counts was made ${ago(newest)}`;
    }
    case "never-backed-up":
      return "there is no backup that counts";
    case "proof-late":
      return `a proof was due ${ago(health.proofDueAt)}`;
    case "scrub-late":
      return `a scrub was due ${ago(health.scrubDueAt)}`;
    case "refuted":
      return `${String(health.refutedCopies)} copies are refuted or damaged`;
    case "copies":
      return `the newest backup has ${String(health.copies)} of ${String(health.copiesRequired)} copies`;
    case "recovery-point":
      return `the newest proven backup was made ${ago(health.recoveryPoint)}`;
  }
}
