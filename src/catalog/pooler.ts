import type { Pool, PoolClient } from "pg";
import { Failure } from "../base/failure.ts";

/**
 * Refuses with "catalog/failed" a pooler that lends sessions of the server for one transaction each: a claim is a
 * lock of its session, and would then belong to whoever comes next.
 */
export async function demandOwnSessions(pool: Pool): Promise<void> {
  const first = await pool.connect();
  try {
    const second = await pool.connect();
    try {
      if (await areApart(first, second)) return;
    } finally {
      second.release();
    }
  } finally {
    first.release();
  }
  throw new Failure(
    "catalog/failed",
    "the catalog is behind a pooler that lends sessions by the transaction",
    {
      hint: "name PostgreSQL itself in `catalog`, or a pooler that keeps a session for each connection",
    },
  );
}

/** Twice the first alone, as some poolers lend in turn; then while the second holds one, as others lend the last again. */
async function areApart(first: PoolClient, second: PoolClient): Promise<boolean> {
  const own = await sessionOf(first);
  if ((await sessionOf(first)) !== own) return false;
  await second.query("begin");
  const other = await sessionOf(second);
  // Where there is one session for both, a question on the first would wait for the second for ever.
  const still = other === own ? null : await sessionOf(first);
  await second.query("rollback");
  return still === own;
}

async function sessionOf(client: PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
  return rows[0]?.pid;
}
