import { sql } from "kysely";
import { type TenantId, tenantId } from "../model/ids.ts";
import { aClockAhead } from "./clock-ahead.ts";
import type { Db } from "./tables.ts";

/**
 * Those that nobody has tried go first. Where a replicate could not complete what lacks, which history tells, the
 * next one comes after ten minutes, and after twice as long each time up to six hours.
 */
export async function lackingCopies(db: Db, limit: number): Promise<readonly TenantId[]> {
  const { rows } = await sql<{ tenant: string }>`
    select s.tenant
    from holdfast.standing s cross join lateral (
      select count(*) as times, max(r.ended_at) as at from holdfast.run r
      where r.tenant = s.tenant and r.verb = 'replicate' and r.ended_at > now() - interval '1 day'
        and r.ended_at < ${aClockAhead}) tried
    where s.lacking > 0 and (tried.times = 0
      or tried.at <= now() - least(interval '10 min' * 2 ^ (least(tried.times, 7) - 1), interval '6 h'))
    order by tried.at nulls first, random() limit ${limit}`.execute(db);
  return rows.map(({ tenant }) => tenantId.parse(tenant));
}
