/** Verification made blind on purpose, which the challenge has to find out. */
import type { Tenant } from "../../src/config/config.ts";
import type { Desk } from "../../src/desk/desk.ts";
import { type Examiner, examiner } from "../../src/challenge/examiner.ts";
import { type CheckName, type CheckResult, failed, judge, passed } from "../../src/model/check.ts";
import type { CopyState } from "../../src/model/choose.ts";
import { backupId } from "../../src/model/ids.ts";
import type { VerifyReport } from "../../src/verify/report.ts";

/** Calls every copy proven, and has looked at nothing. */
export const credulous: Examiner = {
  verify: (desk, tenant, copy) => Promise.resolve(saying(desk, tenant, copy, passed("copy", 0, ""))),
  list: async (desk, tenant, wait) => {
    const states = await examiner.list(desk, tenant, wait);
    const proven: CopyState = {
      state: "present",
      proof: { verdict: "proven", at: "2026-11-21T00:00:00.000Z" },
    };
    const copies = new Map(tenant.stores.map((store) => [store, proven]));
    return {
      ...states,
      gaps: [],
      backups: states.backups.map((entry) => ({ ...entry, suspect: false, copies })),
    };
  },
};

/** Calls every copy refuted, whatever lies there. */
export const suspicious: Examiner = {
  verify: (desk, tenant, copy) => Promise.resolve(saying(desk, tenant, copy, failed("copy", 0, []))),
  list: (desk, tenant, wait) => examiner.list(desk, tenant, wait),
};

/** Never comes to anything, for a reason of its own. */
export const stumbling: Examiner = {
  verify: async (...asked) => {
    const report = await suspicious.verify(...asked);
    const error = { code: "internal/bug", message: "undefined is not a function", hint: null } as const;
    return { ...report, verdict: "inconclusive", checks: [], error };
  },
  list: (desk, tenant, wait) => examiner.list(desk, tenant, wait),
};

/** Verifies as ever, but some checks are blind: whatever they have to say, they say that all is well. */
export function blindTo(...names: readonly CheckName[]): Examiner {
  return {
    verify: async (...asked) => {
      const report = await examiner.verify(...asked);
      const checks = report.checks.map((check) =>
        names.includes(check.name) ? passed(check.name, 1, "seen nothing") : check,
      );
      return { ...report, checks, verdict: judge(checks) };
    },
    list: (desk, tenant, wait) => examiner.list(desk, tenant, wait),
  };
}

function saying(
  desk: Desk,
  tenant: Tenant,
  { backup, store }: { readonly backup: string; readonly store: string },
  check: CheckResult,
): VerifyReport {
  const held = desk.storesOf(tenant).find(({ name }) => name === store);
  if (held === undefined) throw new Error(`${tenant.id} has no store ${store}`);
  const nothing = {
    excluded: [],
    misnamed: 0,
    proofIn: [],
    unwritten: [],
    notes: [],
    seconds: 0,
    checks: [check],
  };
  const verdict = check.outcome === "passed" ? "proven" : "refuted";
  return { tenant: tenant.id, backup: backupId.parse(backup), store: held.name, verdict, ...nothing };
}
