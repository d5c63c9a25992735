/** Which work belongs to which queue. */
import type { QueueName } from "../model/job.ts";
import { backupWork } from "./backup-work.ts";
import type { JobWork } from "./job-work.ts";
import { verifyWork } from "./verify-work.ts";

export type Works = { readonly [Name in QueueName]?: JobWork<Name> };

export const works: Works = { backup: backupWork, verify: verifyWork };
