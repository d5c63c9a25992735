import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { pause, within, type Waiting } from "../../base/waiting.ts";
import { connect } from "../session/connect.ts";
import { quoteIdent } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { LoadDestination } from "./context.ts";
import { emptyAgain } from "./empty-again.ts";
import type { Former } from "./former.ts";
import { refusalOf, type Ledger } from "./report.ts";
import { settle } from "./settings.ts";

/** DROP DATABASE waits for a checkpoint, which after gigabytes takes its time. */
const limitMs = 10 * 60_000;
const endingLimitMs = 10_000;

/** What is known of a load when it ends, be it early. */
export interface LoadEnd {
  readonly destination: LoadDestination;
  readonly loader: string;
  readonly ledger: Ledger;
  /** Whether this load made the database. */
  readonly created: boolean;
  /** Of a database that was there, once the load has laid hands on it. */
  readonly former: Former | null;
}

/**
 * After a load that was broken off nothing half-loaded stays: a database that it made is dropped, one that was
 * there is emptied and given back, and the roles made for it go. Returns the failure to throw, with what could not be cleaned up as its hint. In sessions
 * of its own, since the load's may be gone and its wait over.
 */
export async function undoLoad(end: LoadEnd, broken: unknown): Promise<unknown> {
  const { destination, ledger, created, former, loader } = end;
  if (!created && former === null) return broken;
  const { admin, database, side } = destination;
  const wait = within({ signal: new AbortController().signal }, limitMs);
  try {
    await using server = await connect(admin, side, sessions, wait);
    await settle(server, true);
    await endSessions(server, loader, wait);
    if (created) await server.query(`drop database if exists ${quoteIdent(database)} with (force)`);
    else if (former !== null) {
      await using inside = await connect({ ...admin, database }, side, sessions, wait);
      await settle(inside, true);
      const roles = [loader, ...ledger.placeholders];
      const left = await emptyAgain(inside, { database, former, roles });
      if (left !== "") return told(broken, `${database} was left half-loaded, with ${left}: drop it`);
    }
    // A role that somebody else has begun to use meanwhile stays.
    for (const role of ledger.placeholders) {
      await server.query(`drop role ${quoteIdent(role)}`).catch((error: unknown) => refusalOf(error));
    }
    return broken;
  } catch (error) {
    // Scratch goes as a whole.
    if (isFailure(error, "scratch/lost")) return broken;
    return told(
      broken,
      `${database} was left half-loaded, since it could not be cleaned up: ${reasonOf(error)}`,
    );
  }
}

/** What the end of a login needs. */
type LoaderEnd = Pick<LoadEnd, "destination" | "loader"> & { readonly ledger: Pick<Ledger, "note"> };

/**
 * Removes the temporary login, if only by making it useless; whoever reads the report, or the failure, is told. Where something of
 * the archive is still its own, it stays as their owner.
 */
export async function dropLoader(end: LoaderEnd): Promise<string | null> {
  return endLogin(end, "removed", async (server) => {
    await server.query(`drop role ${quoteIdent(end.loader)}`);
  });
}

/** Leaves it as a role that nobody can log in as. */
export async function disarmLoader(end: LoaderEnd): Promise<string | null> {
  return endLogin(end, "shut out", () => Promise.resolve());
}

/**
 * Of a load that kept its login: it was compared. Returns what could not be done, in words. What a line that broke once
 * kept us from is tried again, since the login says of the database what is not true any more.
 */
export async function forgetLoad(destination: LoadDestination, loader: string): Promise<string | null> {
  const end = { destination, loader, ledger: { note: () => undefined } };
  return (await dropLoader(end)) === null ? null : dropLoader(end);
}

async function endLogin(
  { destination, loader, ledger }: LoaderEnd,
  how: string,
  last: (server: Session) => Promise<void>,
): Promise<string | null> {
  const wait = within({ signal: new AbortController().signal }, limitMs);
  const { admin, side } = destination;
  try {
    await using server = await connect(admin, side, sessions, wait);
    await settle(server, true);
    const found = await server.query("select 1 from pg_catalog.pg_roles where rolname = $1", [loader]);
    if (found.length === 0) return null;
    await endSessions(server, loader, wait);
    await last(server);
    return null;
  } catch (error) {
    const lost = isFailure(error, "scratch/lost") || isFailure(error, "target/unreachable");
    if (lost) return null;
    const note = `the temporary login ${loader} could not be ${how}: ${reasonOf(error)}`;
    ledger.note(note);
    return note;
  }
}

const sessions = { withoutEventTriggers: true };

/** Nobody can log in as the loader any more, and its sessions, which may hold locks, are over. */
async function endSessions(server: Session, loader: string, wait: Waiting): Promise<void> {
  const found = await server.query("select 1 from pg_catalog.pg_roles where rolname = $1", [loader]);
  if (found.length === 0) return;
  await server.query(`alter role ${quoteIdent(loader)} nologin password null`);
  const limited = within(wait, endingLimitMs);
  for (;;) {
    const alive = await server.query(
      "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = $1",
      [loader],
    );
    if (alive.length === 0) return;
    await pause(50, limited);
  }
}

/** The same failure, and what to do about the database beside its own hint. */
export function told(broken: unknown, hint: string): unknown {
  if (!isFailure(broken)) return broken;
  const hints = broken.hint === undefined ? hint : `${hint}; ${broken.hint}`;
  return new Failure(broken.code, broken.message, { cause: broken.cause ?? broken, hint: hints });
}
