/** Who writes to the index waits for its turn, so that no two ever hold rows that the other one needs. */
import { sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** Keys of advisory locks of two numbers, which share nothing with those of claims. */
const wholeIndex = 0x686f6c64;
const oneTenant = 0x66617374;

/** To the end of the transaction: nobody else writes to any tenant. */
export async function lockIndex(tx: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${wholeIndex}::int, 0)`.execute(tx);
}

/** To the end of the transaction: nobody else writes to this tenant. */
export async function lockTenant(tx: Transaction<Tables>, tenant: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${wholeIndex}::int, 0)`.execute(tx);
  await sql`select pg_advisory_xact_lock(${oneTenant}::int, hashtext(${tenant}))`.execute(tx);
}
