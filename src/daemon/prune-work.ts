import { againstPlanText } from "../desk/against-plan-text.ts";
import { pruneTenant } from "../desk/prune-orders.ts";
import { pruneEnd } from "../desk/run-ends.ts";
import type { JobWork } from "./job-work.ts";
import { patiently } from "./patiently.ts";

const pruneLimitMs = 12 * 3_600_000;

export const pruneWork: JobWork<"prune"> = {
  limitMs: pruneLimitMs,
  givesWay: true,
  claims: ({ tenant }) => [{ kind: "tenant-write", tenant: tenant.id }],
  run: async ({ shop, desk, tenant, talk, wait }) => {
    const at = await shop.catalog.now(wait);
    const report = await pruneTenant(desk, tenant, { isDry: false, shareMax: null }, wait);
    const { stops, removed, freed, isCut, againstPlan } = report;
    for (const one of againstPlan) talk.say(`warning: ${tenant.id}: ${againstPlanText(one)}`);
    const [stop] = stops;
    if (stop === undefined) {
      const { objects, bytes } = freed;
      shop.tell({ kind: "pruned", tenant: tenant.id, backups: removed.length, objects, bytes });
    } else {
      shop.tell({ kind: "prune-stopped", tenant: tenant.id, reason: stop.reason });
      for (const one of stops) talk.say(`warning: ${tenant.id}: nothing is removed: ${one.detail}`);
    }
    // What one prune had no room for is taken up by the next plan, not tomorrow.
    if (!isCut)
      await patiently(
        shop,
        () => shop.catalog.index.notePrune(tenant.id, at, stop === undefined ? "done" : "stopped", wait),
        wait,
      );
    return { ...pruneEnd(report), failed: null };
  },
};
