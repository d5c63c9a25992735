import { Failure, isFailure, reasonOf } from "../../../base/failure.ts";
import { pause, within, type Waiting } from "../../../base/waiting.ts";
import { connect, type ConnectOptions } from "../../session/connect.ts";
import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { LoadDestination } from "../context.ts";
import { emptyAgain } from "../empty-again.ts";
import type { Former } from "../former.ts";
import { unmarkStatement } from "./mark.ts";
import { refusalOf, type Ledger } from "../report.ts";
import { settle } from "../settings.ts";

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
  /** Of the server; null where nobody has asked it. */
  readonly versionNum: number | null;
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
    const sessions = sessionsOf(end);
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
type LoaderEnd = Pick<LoadEnd, "destination" | "loader" | "versionNum">;

/**
 * Removes the temporary login, if only by making it useless. Returns what could not be done, in words. Where something of
 * the archive is still its own, it stays as their owner.
 */
export async function dropLoader(end: LoaderEnd): Promise<string | null> {
  return inWords(end, await tried(() => dropOnce(end)));
}

/**
 * The same for a load that failed: of a target that cannot be reached the failure tells already, which may be
 * the very reason of it.
 */
export async function dropLoaderOfFailed(end: LoaderEnd): Promise<string | null> {
  const refused = await tried(() => dropOnce(end));
  return isFailure(refused, "target/unreachable") ? null : inWords(end, refused);
}

/** Leaves it as a role that nobody can log in as, as far as can be; `forgetLoad` tells what could not be done. */
export async function disarmLoader(end: LoaderEnd): Promise<void> {
  await tried(() => withLoader(end, (server, wait) => endSessions(server, end.loader, wait)));
}

/**
 * Of a load that kept its login: it was compared. Returns what could not be done, in words. Where the login has to stay,
 * its mark goes alone, since it would tell people to drop what is whole. What a line that broke kept us from is tried
 * again, for the same reason.
 */
export async function forgetLoad(destination: LoadDestination, loader: string): Promise<string | null> {
  const end = { destination, loader, versionNum: null };
  const forget = (): Promise<void> =>
    withLoader(end, async (server, wait) => {
      try {
        await dropRole(server, loader, wait);
      } catch (error) {
        await server.query(unmarkStatement(loader, null));
        throw error;
      }
    });
  const wait = { signal: new AbortController().signal };
  let refused = await tried(forget);
  for (const pauseMs of forgetAgainMs) {
    if (!isFailure(refused, "target/lost") && !isFailure(refused, "target/unreachable")) break;
    await pause(pauseMs, wait);
    refused = await tried(forget);
  }
  return inWords(end, refused);
}

/** A server that starts again is there after a few seconds. */
const forgetAgainMs = [500, 2_000];

function dropOnce(end: LoaderEnd): Promise<void> {
  return withLoader(end, (server, wait) => dropRole(server, end.loader, wait));
}

async function dropRole(server: Session, loader: string, wait: Waiting): Promise<void> {
  await endSessions(server, loader, wait);
  await server.query(`drop role ${quoteIdent(loader)}`);
}

/** Null, or what was thrown; scratch goes as a whole. */
async function tried(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return isFailure(error, "scratch/lost") ? null : error;
  }
}

function inWords({ loader }: Pick<LoaderEnd, "loader">, refused: unknown): string | null {
  return refused === null ? null : `the temporary login ${loader} could not be removed: ${reasonOf(refused)}`;
}

/** In a session of its own, where there is such a login still. */
async function withLoader(
  end: LoaderEnd,
  work: (server: Session, wait: Waiting) => Promise<void>,
): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, limitMs);
  const { destination, loader } = end;
  await using server = await connect(destination.admin, destination.side, sessionsOf(end), wait);
  await settle(server, true);
  const found = await server.query("select 1 from pg_catalog.pg_roles where rolname = $1", [loader]);
  if (found.length > 0) await work(server, wait);
}

function sessionsOf({ versionNum }: Pick<LoadEnd, "versionNum">): ConnectOptions {
  return { withoutEventTriggers: true, ...(versionNum === null ? {} : { versionNum }) };
}

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
