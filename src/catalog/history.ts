import type { Waiting } from "../base/waiting.ts";
import { tenantId } from "../model/ids.ts";
import type { History, RunEntry } from "./catalog.ts";
import { asked } from "./failures.ts";
import { forgetGone } from "./forget-gone.ts";
import type { Db } from "./tables.ts";

export function historyIn(db: Db): History {
  return {
    add: (entry, wait) => add(db, entry, wait),
    recent: (filter, wait) => asked("read the history", wait, () => recent(db, filter)),
    forget: (before, wait) =>
      asked("forget old history", wait, async () => {
        await forgetGone(db, before);
        const gone = await db.deleteFrom("run").where("ended_at", "<", before).executeTakeFirst();
        return Number(gone.numDeletedRows);
      }),
  };
}

async function add(db: Db, entry: RunEntry, wait: Waiting): Promise<void> {
  const { tenant, verb, kind, host, startedAt, endedAt, result, code, facts } = entry;
  await asked("write the history", wait, () =>
    db
      .insertInto("run")
      .values({
        tenant,
        verb,
        kind,
        host,
        started_at: startedAt,
        ended_at: endedAt,
        result,
        code,
        facts: JSON.stringify(facts),
      })
      .execute(),
  );
}

async function recent(
  db: Db,
  { tenant, limit }: Parameters<History["recent"]>[0],
): Promise<readonly RunEntry[]> {
  const all = db.selectFrom("run").selectAll().orderBy("ended_at", "desc").orderBy("id", "desc").limit(limit);
  const rows = await (tenant === undefined ? all : all.where("tenant", "=", tenant)).execute();
  return rows.map((row) => ({
    tenant: row.tenant === null ? null : tenantId.parse(row.tenant),
    verb: row.verb,
    kind: row.kind,
    host: row.host,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    result: row.result,
    code: row.code,
    facts: row.facts,
  }));
}
