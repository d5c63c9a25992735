/** When backups are due: what a plan sets, what a tenant chose within it, and the slots that follow. */
import { z } from "zod";
import { backupKind } from "./glossary.ts";
import { instant, tenantId } from "./ids.ts";
import type { Plan } from "./plan.ts";
import { localTime } from "./plan.ts";

/** What a tenant chose: fixed local times of each day, or an interval of elapsed time. */
export const tenantChoice = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("at"), times: z.array(localTime).min(1).max(96) }),
  z.strictObject({ kind: z.literal("every"), everyMs: z.int().positive() }),
]);
export type TenantChoice = z.infer<typeof tenantChoice>;

/** Everything that decides when backups of one tenant are due. */
export interface TenantSchedule {
  readonly plan: Plan;
  readonly timeZone: string;
  readonly choice: TenantChoice | null;
}

/** One backup that is due, or was. */
export const slot = z.object({
  tenant: tenantId,
  kind: backupKind,
  /**
   * One slot, whoever sees it: tenant, kind and the local date its window opens on; of a tenant's own the local
   * date and time, marked `/again` when that time comes a second time and both count.
   */
  key: z.string(),
  /** When it is to start, spread included. */
  at: instant,
});
export type Slot = z.infer<typeof slot>;
