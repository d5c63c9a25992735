import type { NewJob } from "../catalog/queue.ts";
import { scrubEnd } from "../desk/run-ends.ts";
import { scrubTenant } from "../desk/scrub-orders.ts";
import { type JobWork, longJobLimitMs } from "./job-work.ts";
import { patiently } from "./patiently.ts";

export const scrubWork: JobWork<"scrub"> = {
  limitMs: longJobLimitMs,
  givesWay: false,
  claims: ({ tenant, job }) => [{ kind: "tenant-read", tenant: tenant.id, store: job.store }],
  run: async ({ shop, desk, tenant, job: { store }, talk, wait }) => {
    const at = await shop.catalog.now(wait);
    const library = await desk.library(tenant);
    const report = await scrubTenant(desk, { tenant: tenant.id, store, library }, talk, wait);
    const { whole, damaged, missing, bytes, seconds } = report;
    shop.tell({ kind: "scrub-ended", tenant: tenant.id, store, whole, damaged, missing, bytes, seconds });
    // Before it counts as done: what was found must not wait for the next scrub.
    const heal: NewJob = { job: { queue: "heal", tenant: tenant.id, store }, source: null };
    if (damaged + missing > 0) await patiently(shop, () => shop.queue.add([heal], {}, wait), wait);
    await patiently(shop, () => shop.catalog.index.noteScrub(tenant.id, store, at, wait), wait);
    return { ...scrubEnd(report), failed: null };
  },
};
