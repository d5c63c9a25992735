import { isFailure, reasonOf } from "../../base/failure.ts";
import { within, type Waiting } from "../../base/waiting.ts";
import { connect } from "../connect.ts";
import type { ServerAddress } from "../image.ts";
import { quoteIdent } from "../quote.ts";
import type { Side } from "../session.ts";
import type { LoadDestination } from "./context.ts";
import type { Ledger } from "./report.ts";
import { settle } from "./settings.ts";

const limitMs = 20_000;

/**
 * Removes the temporary login whatever happened, in sessions of its own since the load's may be gone.
 * After a load that was broken off it may still own things, which then go to the administrator, but
 * not where event triggers of the tenant stand already: those statements would fire them. A login that
 * cannot be removed can at least not be used, and the report says so.
 */
export async function dropLoader(
  destination: LoadDestination,
  loader: string,
  ledger: Ledger,
): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, limitMs);
  const { admin, side, database } = destination;
  const role = quoteIdent(loader);
  try {
    await using server = await connect(admin, side, {}, wait);
    await settle(server, true);
    const found = await server.query("select 1 from pg_catalog.pg_roles where rolname = $1", [loader]);
    if (found.length === 0) return;
    await server.query(`alter role ${role} nologin`);
    await server.query(
      "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = $1",
      [loader],
    );
    const owns = await server.query(
      `select 1 from pg_catalog.pg_shdepend s join pg_catalog.pg_roles r on r.oid = s.refobjid
        where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and r.rolname = $1 limit 1`,
      [loader],
    );
    if (owns.length > 0) await disown({ ...admin, database }, side, role, wait);
    await server.query(`drop role ${role}`);
  } catch (error) {
    const lost = isFailure(error, "scratch/lost") || isFailure(error, "target/unreachable");
    if (!lost) ledger.note(`the temporary login ${loader} could not be removed: ${reasonOf(error)}`);
  }
}

async function disown(address: ServerAddress, side: Side, role: string, wait: Waiting): Promise<void> {
  await using inside = await connect(address, side, {}, wait);
  await settle(inside, true);
  const triggers = await inside.query("select 1 from pg_catalog.pg_event_trigger limit 1");
  if (triggers.length > 0) return;
  await inside.query(`reassign owned by ${role} to current_user`);
  await inside.query(`drop owned by ${role}`);
}
