import type { NewJob } from "../catalog/queue.ts";
import { replicateTenant } from "../desk/replicate-orders.ts";
import type { JobWork } from "./job-work.ts";
import { patiently } from "./patiently.ts";

const replicateLimitMs = 23 * 3_600_000;

export const replicateWork: JobWork<"replicate"> = {
  limitMs: replicateLimitMs,
  givesWay: true,
  claims: ({ tenant }) => [{ kind: "tenant-write", tenant: tenant.id }],
  run: async ({ shop, desk, tenant, talk, wait }) => {
    const { copies, documents, down } = await replicateTenant(desk, tenant, talk, wait);
    const of = (result: (typeof copies)[number]["result"]): typeof copies =>
      copies.filter((copy) => copy.result === result);
    const stores = new Set(of("damaged").map(({ store }) => store));
    const heals = Array.from(stores, (store): NewJob => ({
      job: { queue: "heal", tenant: tenant.id, store },
      source: null,
    }));
    if (heals.length > 0) await patiently(shop, () => shop.queue.add(heals, {}, wait), wait);
    const facts = {
      copied: of("copied").length,
      damaged: of("damaged").length,
      lost: of("lost").length,
      condemned: of("condemned").length,
      failed: of("failed").length,
      documents,
      down: down.map(({ store }) => store).join(", ") || null,
      bytes: copies.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    const [silent] = down;
    if (silent !== undefined)
      return { result: "degraded", facts, failed: { code: silent.failure.code, retryable: true } };
    if (facts.failed > 0 || facts.damaged > 0)
      return { result: "degraded", facts, failed: { code: "store/unreachable", retryable: true } };
    // No store has it whole: trying again brings nothing back, and somebody must hear of it.
    if (facts.lost > 0) return { result: "found", facts, failed: { code: "store/absent", retryable: false } };
    return { result: "done", facts, failed: null };
  },
};
