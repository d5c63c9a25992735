/** What the queue's database shows to who looks: which daemons are there, and what is being worked. */
import { z } from "zod";
import { job as jobSchema } from "../model/job.ts";
import type { Daemon, RunningJob } from "./queue.ts";

/** Runs one statement and gives back its rows. */
export type Ask = (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>;

/** By the names that daemons give their connections. One polls every few seconds, so that silence for longer is a hang. */
export async function daemonsSeen(ask: Ask, applicationName: string): Promise<readonly Daemon[]> {
  const { rows } = await ask(
    `select application_name as name, max(state_change) as heard from pg_stat_activity
     where datname = current_database() and application_name like $1 group by 1 order by 1`,
    [`${applicationName}%`],
  );
  return z
    .array(z.object({ name: z.string(), heard: z.date().nullable() }))
    .parse(rows)
    .map(({ name, heard }) => ({ host: name.slice(applicationName.length), heardAt: heard }));
}

/** Longest running first. */
export async function jobsRunning(ask: Ask, schema: string, limit: number): Promise<readonly RunningJob[]> {
  const { rows } = await ask(
    `select data -> 'job' as job, started_on as since from ${schema}.job
     where state = 'active' order by started_on limit $1`,
    [limit],
  );
  return z
    .array(z.object({ job: z.unknown(), since: z.date() }))
    .parse(rows)
    .flatMap(({ job, since }) => {
      const known = jobSchema.safeParse(job);
      return known.success ? [{ job: known.data, since }] : [];
    });
}

/** One that comes again in half an hour, its source being away, waits for no other work of its tenant. */
export async function backupWaits(ask: Ask, schema: string, tenant: string): Promise<boolean> {
  const { rows } = await ask(
    `select from ${schema}.job where name = 'backup' and state in ('created', 'retry')
       and start_after <= now() + interval '1 minute' and data -> 'job' ->> 'tenant' = $1 limit 1`,
    [tenant],
  );
  return rows.length > 0;
}
