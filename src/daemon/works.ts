/** Which work belongs to which queue. */
import type { QueueName } from "../model/job.ts";
import { backupWork } from "./backup-work.ts";
import { healWork } from "./heal-work.ts";
import type { JobWork } from "./job-work.ts";
import { pruneWork } from "./prune-work.ts";
import { replicateWork } from "./replicate-work.ts";
import { scrubWork } from "./scrub-work.ts";
import { verifyWork } from "./verify-work.ts";

export type Works = { readonly [Name in QueueName]: JobWork<Name> };

export const works: Works = {
  backup: backupWork,
  verify: verifyWork,
  replicate: replicateWork,
  scrub: scrubWork,
  heal: healWork,
  prune: pruneWork,
};
