/** Reaching the server a tenant is to be restored to, whether or not the database is there yet. */
import { Failure, isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { connect } from "../session/connect.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { serverOffers } from "../server/server-offers.ts";
import type { Session } from "../session/session.ts";
import type { TargetState } from "./target.ts";

/** Databases that every server has; the first that lets us in serves for what concerns the whole server. */
const maintenanceDatabases = ["postgres", "template1"];

export interface OpenTarget extends TargetState, AsyncDisposable {
  /** Where the administrator can be reached while the database is not there yet. */
  readonly maintenance: ServerAddress;
}

/**
 * Looks only. "target/unreachable" and "target/login" say why it could not be reached, "target/unsuitable" that the
 * database lets nobody in, as template0 does.
 */
export async function openTarget(address: ServerAddress, wait: Waiting): Promise<OpenTarget> {
  await using open = new AsyncDisposableStack();
  const { session: admin, address: maintenance } = await openMaintenance(address, wait);
  open.use(admin);
  const [found] = await admin.query<{ open: boolean }>(
    "select datallowconn as open from pg_catalog.pg_database where datname = $1",
    [address.database],
  );
  if (found?.open === false) {
    throw new Failure("target/unsuitable", `${address.database} accepts no connections`, {
      hint: "name a database that is absent or empty",
    });
  }
  const database = found === undefined ? null : open.use(await connect(address, "target", {}, wait));
  const offers = await serverOffers(admin);
  const kept = open.move();
  return { admin, maintenance, database, offers, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The administrator's session and where it leads. */
async function openMaintenance(
  address: ServerAddress,
  wait: Waiting,
): Promise<{ readonly session: Session; readonly address: ServerAddress }> {
  let first: unknown;
  for (const database of maintenanceDatabases) {
    const there = { ...address, database };
    try {
      return { session: await connect(there, "target", {}, wait), address: there };
    } catch (error) {
      first ??= error;
      if (!isFailure(error) || isFailure(error, "target/unreachable") || wait.signal.aborted) throw error;
    }
  }
  throw first;
}
