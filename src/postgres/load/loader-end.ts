import { isFailure, reasonOf } from "../../base/failure.ts";
import { within } from "../../base/waiting.ts";
import { connect } from "../connect.ts";
import { quoteIdent } from "../quote.ts";
import type { LoadDestination } from "./context.ts";
import type { Ledger } from "./report.ts";

const limitMs = 20_000;

/**
 * Removes the temporary login whatever happened, in sessions of its own since the load's may be gone.
 * What it still owns, after a load that was broken off, goes to the administrator. Where it cannot be
 * removed it can at least not log in, and the report says so.
 */
export async function dropLoader(
  destination: LoadDestination,
  loader: string,
  ledger: Ledger,
): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, limitMs);
  const role = quoteIdent(loader);
  try {
    await using server = await connect(destination.admin, destination.side, {}, wait);
    const found = await server.query("select 1 from pg_catalog.pg_roles where rolname = $1", [loader]);
    if (found.length === 0) return;
    await server.query(`alter role ${role} nologin`);
    await server.query(
      "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = $1",
      [loader],
    );
    const present = await server.query("select 1 from pg_catalog.pg_database where datname = $1", [
      destination.database,
    ]);
    if (present.length > 0) {
      await using inside = await connect(
        { ...destination.admin, database: destination.database },
        destination.side,
        {},
        wait,
      );
      await inside.query(`reassign owned by ${role} to current_user`);
      await inside.query(`drop owned by ${role}`);
    }
    await server.query(`drop role ${role}`);
  } catch (error) {
    const lost = isFailure(error, "scratch/lost") || isFailure(error, "target/unreachable");
    if (!lost) ledger.note(`the temporary login ${loader} could not be removed: ${reasonOf(error)}`);
  }
}
