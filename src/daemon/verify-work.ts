import type { NewJob } from "../catalog/queue.ts";
import { indexTenant } from "../desk/index-tenant.ts";
import { verifyEnd } from "../desk/run-ends.ts";
import { verifyTenant } from "../desk/verify-orders.ts";
import { type JobSite, type JobWork, longJobLimitMs } from "./job-work.ts";
import { patiently } from "./patiently.ts";

export const verifyWork: JobWork<"verify"> = {
  limitMs: longJobLimitMs,
  givesWay: false,
  claims: ({ tenant, job }) => [{ kind: "tenant-read", tenant: tenant.id, store: job.store }],
  run: async (site) => {
    if (await isProvenSince(site)) return null;
    const { shop, desk, tenant, job, talk, wait } = site;
    const { backup, store } = job;
    const [report] = await verifyTenant(desk, tenant, { backup, store }, talk, wait);
    if (report === undefined) return null;
    const { verdict, seconds, misnamed, proofIn, error } = report;
    shop.tell({ kind: "verify-ended", tenant: tenant.id, backup, store, verdict, seconds, misnamed });
    // A copy that was refuted may be whole again with the bytes of another store.
    const heal: NewJob = { job: { queue: "heal", tenant: tenant.id, store }, source: null };
    if (verdict === "refuted") await patiently(shop, () => shop.queue.add([heal], {}, wait), wait);
    const { result, facts } = verifyEnd(report);
    switch (verdict) {
      case "proven":
      case "refuted":
        return {
          result,
          facts,
          // Without a proof in any store the copy would be next again at once.
          failed: proofIn.length > 0 ? null : { code: "store/quorum", retryable: true },
        };
      case "inconclusive":
        return { result, facts, failed: { code: error?.code ?? "scratch/start", retryable: true } };
    }
  },
};

/**
 * Whether somebody decided on the copy after this job had been put into the queue: several hosts plan, and a job that
 * was put back stands beside one of its own kind. A restore of hours is not to be done twice for that.
 */
async function isProvenSince({ shop, desk, tenant, job, taken, wait }: JobSite<"verify">): Promise<boolean> {
  // What a worker proved that died is in the stores, and in no index yet.
  if (taken.begun) await indexTenant(desk, shop.catalog, tenant, wait);
  const backups = await shop.catalog.index.backups(tenant.id, wait);
  const proof = backups
    .find(({ backup }) => backup === job.backup)
    ?.copies.find(({ store }) => store === job.store)?.proof;
  return proof !== undefined && proof !== null && proof.verdict !== "inconclusive" && proof.at > taken.since;
}
