import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";

export interface AsleepEventTrigger {
  readonly name: string;
  /** What wakes it as it was. */
  readonly wake: "enable" | "enable replica" | "enable always";
}

/**
 * Event triggers of extensions sleep while the rest is loaded, as those of the archive come last (trap 15): one that
 * guards what its extension's own tables say finds them wrong until all of it is there, and fires in the
 * administrator's sessions and in those of a loader that may not read them. One that the
 * administrator may not alter stays awake.
 */
export async function putEventTriggersToSleep({
  admin,
}: LoadContext): Promise<readonly AsleepEventTrigger[]> {
  const found = await admin.query<AsleepEventTrigger>(
    `select e.evtname::text as name,
            case e.evtenabled when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end as wake
       from pg_catalog.pg_event_trigger e
       join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
        and d.objid = e.oid and d.deptype = 'e'
      where e.evtenabled <> 'D' order by 1`,
  );
  const asleep: AsleepEventTrigger[] = [];
  for (const one of found) {
    try {
      await admin.query(`alter event trigger ${quoteIdent(one.name)} disable`);
      asleep.push(one);
    } catch (error) {
      // A provider's own, which it has to answer for.
      refusalOf(error);
    }
  }
  return asleep;
}

export async function wakeEventTriggers(
  { admin }: LoadContext,
  asleep: readonly AsleepEventTrigger[],
): Promise<void> {
  for (const { name, wake } of asleep) await admin.query(`alter event trigger ${quoteIdent(name)} ${wake}`);
}
