/** The index of what the stores hold: what was found goes in, what is due comes out. */
import { sql } from "kysely";
import { tenantId, type TenantId } from "../model/ids.ts";
import type { Index } from "./catalog.ts";
import { asked } from "./failures.ts";
import { healedUnproven, healsDue } from "./heals.ts";
import { lockIndex, lockTenant } from "./index-locks.ts";
import { lackingCopies } from "./lacking.ts";
import { readBackups } from "./read-backups.ts";
import { healthReader } from "./read-health.ts";
import { refresh } from "./refresh.ts";
import { goneTenants, knownAmong } from "./known-tenants.ts";
import { setTenants } from "./set-tenants.ts";
import { restand } from "./standing.ts";
import { aClockAhead } from "./clock-ahead.ts";
import type { Db, Tables } from "./tables.ts";
import { longestWaitsForProof, longestWaitsForScrub } from "./waits.ts";

export function indexIn(db: Db): Index {
  return {
    setTenants: (terms, wait, goneAfterMs = 0) =>
      asked("write what the plans ask", wait, () => setTenants(db, terms, goneAfterMs)),
    known: (tenants, wait) => asked("read which tenants are known", wait, () => knownAmong(db, tenants)),
    gone: (wait) => asked("read which tenants are gone", wait, () => goneTenants(db)),
    refresh: (tenant, found, wait) =>
      asked(`index the backups of ${tenant}`, wait, () => refresh(db, tenant, found)),
    clear: (wait) => asked("empty the index", wait, () => clear(db)),
    backups: (tenant, wait) => asked(`read the backups of ${tenant}`, wait, () => readBackups(db, tenant)),
    health: healthReader(db),
    proofsDue: (limit, wait, without = []) =>
      asked("read which proofs are due", wait, () => longestWaitsForProof(db, limit, without)),
    healsDue: (limit, wait) => asked("read what is to be healed", wait, () => healsDue(db, limit)),
    healedUnproven: (limit, wait) =>
      asked("read which healed copies wait for proof", wait, () => healedUnproven(db, limit)),
    lackingCopies: (limit, wait) => asked("read which copies lack", wait, () => lackingCopies(db, limit)),
    stalest: (limit, wait) => asked("read what was looked at longest ago", wait, () => stalest(db, limit)),
    noteScrub: (tenant, store, at, wait) =>
      asked(`note the scrub of ${tenant}`, wait, () => noteScrub(db, { tenant, store, at })),
    notePrune: (tenant, at, outcome, wait) =>
      asked(`note the prune of ${tenant}`, wait, () => notePrune(db, { tenant, at, outcome })),
    stoppedPrunes: (limit, wait) =>
      asked("read which prunes were stopped", wait, () => stoppedPrunes(db, limit)),
    scrubsDue: (limit, wait, without = []) =>
      asked("read which scrubs are due", wait, () => longestWaitsForScrub(db, limit, without)),
    prunesDue: (before, limit, wait) =>
      asked("read which prunes are due", wait, () => prunesDue(db, before, limit)),
  };
}

async function stalest(db: Db, limit: number): ReturnType<Index["stalest"]> {
  const rows = await db
    .selectFrom("terms")
    .leftJoin("refreshed", "refreshed.tenant", "terms.tenant")
    // What was seen while a clock was ahead is to be seen again, as if it never had been.
    .select(["terms.tenant", sql<Date | null>`case when at < ${aClockAhead} then at end`.as("seen_at")])
    .orderBy("seen_at", (order) => order.asc().nullsFirst())
    .orderBy("terms.tenant")
    .limit(limit)
    .execute();
  return rows.map(({ tenant, seen_at }) => ({ tenant: tenantId.parse(tenant), refreshedAt: seen_at }));
}

async function noteScrub(db: Db, scrub: Tables["scrubbed"]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockTenant(tx, scrub.tenant);
    await tx
      .insertInto("scrubbed")
      .values(scrub)
      .onConflict((on) => on.columns(["tenant", "store"]).doUpdateSet({ at: scrub.at }))
      .execute();
    await restand(tx, [scrub.tenant]);
  });
}

async function notePrune(db: Db, prune: Tables["pruned"]): Promise<void> {
  const { at, outcome } = prune;
  await db
    .insertInto("pruned")
    .values(prune)
    .onConflict((on) => on.column("tenant").doUpdateSet({ at, outcome }))
    .execute();
}

async function stoppedPrunes(db: Db, limit: number): ReturnType<Index["stoppedPrunes"]> {
  const rows = await db
    .selectFrom("pruned")
    .innerJoin("terms", "terms.tenant", "pruned.tenant")
    .select(["pruned.tenant", "pruned.at"])
    .where("pruned.outcome", "=", "stopped")
    .orderBy("pruned.at")
    .limit(limit)
    .execute();
  return rows.map(({ tenant, at }) => ({ tenant: tenantId.parse(tenant), at }));
}

/** Tenants that have terms have a standing. */
async function clear(db: Db): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockIndex(tx);
    const tables = ["refreshed", "backup", "copy", "standing", "shelf"].map((name) =>
      sql.id("holdfast", name),
    );
    await sql`truncate ${sql.join(tables)}`.execute(tx);
    const rows = await tx.selectFrom("terms").select("tenant").execute();
    await restand(
      tx,
      rows.map(({ tenant }) => tenant),
    );
  });
}

async function prunesDue(db: Db, before: Date, limit: number): Promise<readonly TenantId[]> {
  const rows = await db
    .selectFrom("terms")
    .leftJoin("pruned", "pruned.tenant", "terms.tenant")
    .select("terms.tenant")
    .where((where) =>
      where.or([
        where("pruned.at", "is", null),
        where("pruned.at", "<", before),
        where("pruned.at", ">", aClockAhead),
      ]),
    )
    .orderBy("pruned.at", (order) => order.asc().nullsFirst())
    .orderBy("terms.tenant")
    .limit(limit)
    .execute();
  return rows.map(({ tenant }) => tenantId.parse(tenant));
}
