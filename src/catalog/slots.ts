import { CompiledQuery, sql, type Transaction } from "kysely";
import type { Waiting } from "../base/waiting.ts";
import { type Slot, slot } from "../model/schedule.ts";
import type { EnqueueSlots, Slots, TransactionSql } from "./catalog.ts";
import { asked } from "./failures.ts";
import type { Db, Tables } from "./tables.ts";

/** A slot this much older than the watermark is forgotten; longer than any watermark is pulled back, or a daemon catches up. */
const rememberedDays = 40;

export function slotsIn(db: Db): Slots {
  return {
    watermark: (wait) =>
      asked("read the watermark", wait, async () => {
        const row = await db.selectFrom("watermark").select("at").executeTakeFirst();
        return row?.at ?? null;
      }),
    handOut: (slots, upTo, enqueue, wait) => handOut(db, { slots, upTo, enqueue }, wait),
    newest: (wait) =>
      asked("read the newest slots", wait, async () => {
        const rows = await db.selectFrom("newest_slot").selectAll().execute();
        return rows.flatMap(({ at, ...rest }) => {
          const read = slot.safeParse({ ...rest, at: at.toISOString() });
          return read.success ? [read.data] : [];
        });
      }),
    forgetAfter: (latest, wait) =>
      asked("forget slots that are yet to come", wait, () =>
        db.transaction().execute((tx) => forgetAfter(tx, latest)),
      ),
  };
}

interface Round {
  readonly slots: readonly Slot[];
  readonly upTo: Date;
  readonly enqueue: EnqueueSlots;
}

async function handOut(db: Db, round: Round, wait: Waiting): Promise<readonly Slot[]> {
  return asked("hand out slots", wait, () => db.transaction().execute((tx) => handOutIn(tx, round)));
}

async function handOutIn(tx: Transaction<Tables>, { slots, upTo, enqueue }: Round): Promise<readonly Slot[]> {
  // Held to the end, so that the next one sees what this one remembers, or that it took nothing.
  await tx.selectFrom("watermark").select("at").forUpdate().execute();
  const fresh = await remember(tx, slots);
  if (fresh.length > 0) await enqueue(fresh, transactionSql(tx));
  await sql`delete from holdfast.slot
    where at < ${upTo}::timestamptz - make_interval(days => ${rememberedDays}::int)`.execute(tx);
  await tx.updateTable("watermark").set({ at: upTo }).execute();
  return fresh;
}

async function remember(tx: Transaction<Tables>, slots: readonly Slot[]): Promise<readonly Slot[]> {
  if (slots.length === 0) return [];
  // One statement however many there are; a key given twice is taken once.
  const { rows } = await sql<{ key: string }>`
    insert into holdfast.slot (key, tenant, kind, at)
    select * from unnest(
      ${slots.map(({ key }) => key)}::text[], ${slots.map(({ tenant }) => tenant)}::text[],
      ${slots.map(({ kind }) => kind)}::text[], ${slots.map(({ at }) => at)}::timestamptz[])
    on conflict (key) do nothing returning key`.execute(tx);
  // Kept by itself, since the table of all slots is long and its old rows go.
  await sql`
    insert into holdfast.newest_slot as n (tenant, kind, key, at)
    select distinct on (tenant, kind) tenant, kind, key, at from holdfast.slot
    where key = any(${rows.map(({ key }) => key)}::text[]) order by tenant, kind, at desc, key desc
    on conflict (tenant, kind) do update set key = excluded.key, at = excluded.at
    where (n.at, n.key) < (excluded.at, excluded.key)`.execute(tx);
  const taken = new Set(rows.map(({ key }) => key));
  return slots.filter(({ key }) => taken.delete(key));
}

function transactionSql(tx: Transaction<Tables>): TransactionSql {
  return {
    executeSql: async (text, values = []) => {
      const { rows } = await tx.executeQuery(CompiledQuery.raw(text, values));
      return { rows };
    },
  };
}

async function forgetAfter(tx: Transaction<Tables>, latest: Date): Promise<void> {
  await tx.selectFrom("watermark").select("at").forUpdate().execute();
  await tx.deleteFrom("slot").where("at", ">", latest).execute();
  await sql`
    update holdfast.newest_slot n set key = left_over.key, at = left_over.at
    from (select distinct on (tenant, kind) * from holdfast.slot order by tenant, kind, at desc, key desc) left_over
    where n.at > ${latest} and left_over.tenant = n.tenant and left_over.kind = n.kind`.execute(tx);
  await tx.deleteFrom("newest_slot").where("at", ">", latest).execute();
}
