import type { NewJob } from "../catalog/queue.ts";
import { healTenant } from "../desk/heal-orders.ts";
import { healEnd } from "../desk/run-ends.ts";
import { type JobResult, type JobWork, longJobLimitMs } from "./job-work.ts";
import { patiently } from "./patiently.ts";

export const healWork: JobWork<"heal"> = {
  limitMs: longJobLimitMs,
  givesWay: true,
  claims: ({ tenant }) => [{ kind: "tenant-write", tenant: tenant.id }],
  run: async ({ shop, desk, tenant, job: { store }, talk, wait }) => {
    const report = await healTenant(desk, tenant, store, talk, wait);
    const { healed, bytes, unhealed, backups } = report;
    shop.tell({ kind: "healed", tenant: tenant.id, store, objects: healed, bytes });
    // What was healed is proven by whoever may read it.
    const proofs = backups.map((backup): NewJob => ({
      job: { queue: "verify", tenant: tenant.id, backup, store },
      source: null,
    }));
    if (proofs.length > 0) await patiently(shop, () => shop.queue.add(proofs, {}, wait), wait);
    return { ...healEnd(report), failed: failureOf(unhealed) };
  },
};

function failureOf(unhealed: readonly { readonly mayReturn: boolean }[]): JobResult["failed"] {
  if (unhealed.length === 0) return null;
  if (unhealed.some(({ mayReturn }) => mayReturn)) return { code: "store/unreachable", retryable: true };
  return { code: "store/corrupt", retryable: false };
}
