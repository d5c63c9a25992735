/** What `holdfast status` puts first, and what keeps it from ending with 0. */
import { describe, expect, it } from "vitest";
import { breachingTenants, exitOf, type Status } from "../../src/cli/status/found.ts";
import { statusText } from "../../src/cli/status/text.ts";
import type { TenantHealth } from "../../src/model/health.ts";
import { tenantId } from "../../src/model/ids.ts";

const now = new Date("2026-11-22T03:00:00Z");
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);

function standing(tenant: string, given: Partial<TenantHealth> = {}): TenantHealth {
  return {
    tenant: tenantId.parse(tenant),
    lastSuccess: new Map([["daily", hoursAgo(2)]]),
    expectedIntervalMs: 86_400_000,
    copies: 2,
    copiesRequired: 2,
    proofs: new Map(),
    proofDueAt: null,
    refutedCopies: 0,
    recoveryPoint: hoursAgo(2),
    oldest: hoursAgo(200),
    objectives: { recoveryPointMs: 48 * 3_600_000, recoveryTimeMs: 3_600_000 },
    ...given,
  };
}

const well: Status = {
  at: now.toISOString(),
  catalog: "up",
  daemons: [{ host: "one", heardAt: hoursAgo(0).toISOString() }],
  scheduler: { watermark: now.toISOString(), ageSeconds: 12, isLate: false },
  tenants: { total: 1, byBreach: {}, breaching: [] },
  queues: [],
  running: [],
  deadLetters: [],
  stoppedPrunes: [],
  stores: [{ store: "one", up: true, problem: null }],
};

describe("tenants that are not as their plans want", () => {
  it("are told worst first: refuted before late, the older recovery point before the newer", () => {
    const { total, byBreach, breaching } = breachingTenants(
      [
        standing("alpha"),
        standing("late", { lastSuccess: new Map([["daily", hoursAgo(40)]]) }),
        standing("newer", { recoveryPoint: hoursAgo(60) }),
        standing("older", { recoveryPoint: hoursAgo(90) }),
        standing("refuted", { copies: 1, refutedCopies: 1 }),
      ],
      now,
    );
    expect(total).toBe(5);
    expect(byBreach).toEqual({ refuted: 1, "recovery-point": 2, "backup-late": 1, copies: 1 });
    expect(breaching.map(({ tenant, breaches }) => [tenant, ...breaches])).toEqual([
      ["refuted", "refuted", "copies"],
      ["older", "recovery-point"],
      ["newer", "recovery-point"],
      ["late", "backup-late"],
    ]);
  });

  it("are told to people twenty at a time", () => {
    const names = Array.from({ length: 30 }, (_, index) => `t${String(index).padStart(2, "0")}`);
    const tenants = breachingTenants(
      names.map((name) => standing(name, { copies: 1 })),
      now,
    );
    const text = statusText({ ...well, tenants });
    expect(text).toContain("tenants: 30 tenants, 30 not as the plan wants (30 copies)");
    expect(text).toContain("t19");
    expect(text).not.toContain("t20");
    expect(text).toContain("and 10 more; --json has them");
  });
});

describe("the end of status", () => {
  it("is 0 when all is well, and nothing but a summary is said", () => {
    expect(exitOf(well)).toBe(0);
    expect(statusText(well)).toBe(
      [
        "catalog: up",
        "daemons: one (heard of 0 ms ago)",
        "scheduler: last beat 12 s ago",
        "stores: one up",
        "tenants: 1 tenant, 0 not as the plan wants",
      ].join("\n"),
    );
  });

  const stopped = [{ tenant: "acme", at: now.toISOString() }];
  const dead = [
    { queue: "verify", tenant: "acme", work: "acme/x/one", code: "scratch/start", at: now.toISOString() },
  ] as const;
  it.each<[string, Partial<Status>, string]>([
    ["there is no daemon", { daemons: [] }, "daemons: NONE"],
    [
      "nobody beats",
      { scheduler: { watermark: now.toISOString(), ageSeconds: 600, isLate: true } },
      "last beat 10 min ago, LATE",
    ],
    ["work was given up", { deadLetters: dead }, "acme/x/one  scratch/start"],
    ["a prune was stopped", { stoppedPrunes: stopped }, "holdfast retention explain acme"],
    [
      "a store is down",
      { stores: [{ store: "one", up: false, problem: "no answer" }] },
      "one DOWN (no answer)",
    ],
  ])("is 4 when %s, and says so", (_, part, words) => {
    expect(exitOf({ ...well, ...part })).toBe(4);
    expect(statusText({ ...well, ...part })).toContain(words);
  });

  it("is 3 when a copy was refuted", () => {
    expect(
      exitOf({ ...well, daemons: [], tenants: breachingTenants([standing("a", { refutedCopies: 1 })], now) }),
    ).toBe(3);
  });
});
