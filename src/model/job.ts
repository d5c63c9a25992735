/** The work that daemons share through the queue, as data. */
import { z } from "zod";
import { backupKind } from "./glossary.ts";
import { backupId, instant, storeName, tenantId } from "./ids.ts";

export const queueNames = ["backup", "verify", "replicate", "scrub", "heal", "prune"] as const;
export type QueueName = (typeof queueNames)[number];

export const job = z.discriminatedUnion("queue", [
  z.object({
    queue: z.literal("backup"),
    tenant: tenantId,
    kind: backupKind,
    /** The key of the slot it is for. */
    slot: z.string(),
    /** When that slot was to start. */
    at: instant,
  }),
  z.object({ queue: z.literal("verify"), tenant: tenantId, backup: backupId, store: storeName }),
  z.object({ queue: z.literal("replicate"), tenant: tenantId }),
  z.object({ queue: z.literal("scrub"), tenant: tenantId, store: storeName }),
  z.object({ queue: z.literal("heal"), tenant: tenantId, store: storeName }),
  z.object({ queue: z.literal("prune"), tenant: tenantId }),
]);
export type Job = z.infer<typeof job>;
export type JobOf<Name extends QueueName> = Extract<Job, { readonly queue: Name }>;

/** What makes two jobs of a queue the same work. */
export function jobKey(one: Job): string {
  switch (one.queue) {
    case "backup":
      return `${one.tenant}/${one.kind}`;
    case "verify":
      return `${one.tenant}/${one.backup}/${one.store}`;
    case "scrub":
    case "heal":
      return `${one.tenant}/${one.store}`;
    case "replicate":
    case "prune":
      return one.tenant;
  }
}
