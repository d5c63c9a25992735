import { verifyTenant } from "../desk/verify-orders.ts";
import type { JobWork } from "./job-work.ts";

/** As long as a load may take. */
const verifyLimitMs = 23 * 3_600_000;

export const verifyWork: JobWork<"verify"> = {
  limitMs: verifyLimitMs,
  claims: ({ tenant, job }) => [{ kind: "tenant-read", tenant: tenant.id, store: job.store }],
  run: async ({ shop, desk, tenant, job, talk, wait }) => {
    const { backup, store } = job;
    const [report] = await verifyTenant(desk, tenant, { backup, store }, talk, wait);
    if (report === undefined) return null;
    const { verdict, seconds, proofIn, error } = report;
    shop.tell({ kind: "verify-ended", tenant: tenant.id, backup, store, verdict, seconds });
    // A copy that was refuted may be whole again with the bytes of another store.
    if (verdict === "refuted")
      await shop.queue.add([{ job: { queue: "heal", tenant: tenant.id, store }, source: null }], {}, wait);
    const facts = { backup, store, verdict, seconds, proofIn: proofIn.length };
    switch (verdict) {
      case "proven":
      case "refuted":
        return {
          result: verdict === "refuted" ? "found" : "done",
          facts,
          // Without a proof in any store the copy would be next again at once.
          failed: proofIn.length > 0 ? null : { code: "store/quorum", retryable: true },
        };
      case "inconclusive":
        return { result: "failed", facts, failed: { code: error?.code ?? "scratch/start", retryable: true } };
    }
  },
};
