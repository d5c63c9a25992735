import type { NewJob } from "../catalog/queue.ts";
import { replicateTenant } from "../desk/replicate-orders.ts";
import { replicateEnd } from "../desk/run-ends.ts";
import { type JobWork, longJobLimitMs } from "./job-work.ts";
import { patiently } from "./patiently.ts";

export const replicateWork: JobWork<"replicate"> = {
  limitMs: longJobLimitMs,
  givesWay: true,
  claims: ({ tenant }) => [{ kind: "tenant-write", tenant: tenant.id }],
  run: async ({ shop, desk, tenant, talk, wait }) => {
    const report = await replicateTenant(desk, tenant, talk, wait);
    const { copies, down } = report;
    const ended = new Set(copies.map(({ result }) => result));
    const stores = new Set(copies.filter(({ result }) => result === "damaged").map(({ store }) => store));
    const heals = Array.from(stores, (store): NewJob => ({
      job: { queue: "heal", tenant: tenant.id, store },
      source: null,
    }));
    if (heals.length > 0) await patiently(shop, () => shop.queue.add(heals, {}, wait), wait);
    const { facts } = replicateEnd(report);
    const [silent] = down;
    if (silent !== undefined)
      return { result: "degraded", facts, failed: { code: silent.failure.code, retryable: true } };
    if (ended.has("failed") || ended.has("damaged"))
      return { result: "degraded", facts, failed: { code: "store/unreachable", retryable: true } };
    // No store has it whole: trying again brings nothing back, and somebody must hear of it.
    if (ended.has("lost"))
      return { result: "found", facts, failed: { code: "store/absent", retryable: false } };
    return { result: "done", facts, failed: null };
  },
};
