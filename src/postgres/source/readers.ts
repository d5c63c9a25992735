import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { Budget } from "../../base/limit.ts";
import type { Waiting } from "../../base/waiting.ts";
import { connect } from "../session/connect.ts";
import { sqlStateOf } from "../session/errors.ts";
import type { Holder } from "./holder.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { quoteLiteral, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { assertExactText, setExactText } from "../session/settings.ts";
import { lockStatement, type SourceTable } from "./source-tables.ts";

/** Sessions that read in the holder's snapshot side by side; the first is opened at once, others when they are needed. */
export interface Readers extends AsyncDisposable {
  /** Rejects when the first session cannot be opened, which may be long before it is lent. */
  readonly opened: Promise<unknown>;
  /** So many may be lent at once; one until this is called. */
  allow(jobs: number): void;
  /** Lends a session, waiting for one to be free. Give it back only in good order; a broken one is never lent again. */
  lend(): Promise<{ readonly session: Session; readonly giveBack: () => void }>;
  /** Reads the settings of every session again and ends the transactions. */
  finish(): Promise<void>;
}

export interface ReadersOrder {
  readonly address: ServerAddress;
  readonly versionNum: number;
  /** The first session is opened meanwhile; when it rejects no session is lent. */
  readonly held: Promise<Pick<Holder, "snapshotId">>;
}

export function openReaders(order: ReadersOrder, wait: Waiting): Readers {
  const places = new Budget(1);
  const free: Session[] = [];
  const all: Session[] = [];
  const opened = openReader(order, wait);
  // Whoever is lent it is told as well.
  opened.catch(() => undefined);
  let first: Promise<Session> | null = opened;
  const firstOrNew = (): Promise<Session> => {
    const session = first ?? openReader(order, wait);
    first = null;
    return session;
  };
  return {
    opened,
    allow: (jobs) => {
      places.resize(Math.max(1, jobs));
    },
    lend: async () => {
      // A reader that fails keeps its place, so whoever waits for one learns of the end by the wait.
      const leave = await places.take(1, wait);
      try {
        const session = free.pop() ?? (await firstOrNew());
        if (!all.includes(session)) all.push(session);
        return {
          session,
          giveBack: () => {
            free.push(session);
            leave();
          },
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
    finish: async () => {
      for (const session of all) {
        await assertExactText(session);
        await session.query("commit");
      }
    },
    [Symbol.asyncDispose]: async () => {
      const unused = first === null ? [] : await Promise.allSettled([first]);
      const left = unused.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      await Promise.all([...all, ...left].map((session) => session[Symbol.asyncDispose]()));
    },
  };
}

async function openReader({ address, versionNum, held }: ReadersOrder, wait: Waiting): Promise<Session> {
  const session = await connect(address, "source", { applicationName: "holdfast reader", versionNum }, wait);
  try {
    await setExactText(session);
    const { snapshotId } = await held;
    const importing = `set transaction snapshot ${quoteLiteral(snapshotId)}`;
    await session.query(`begin isolation level repeatable read read only; ${importing}`);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    if (!isFailure(error, "source/failed")) throw error;
    throw new Failure("source/lost", "the snapshot of the holder is gone", { cause: error });
  }
}

/**
 * Locks the tables for this reader before it reads them. It never queues: behind a waiting ALTER TABLE that
 * itself waits for our holder it would wait for ever (trap 3). Then makes sure that the names still
 * mean the tables of the snapshot, since a schema can be renamed under a locked table.
 */
export async function lockForReading(session: Session, tables: readonly SourceTable[]): Promise<void> {
  const statement = lockStatement(tables, true);
  if (statement === null) return;
  try {
    await session.query(statement);
  } catch (error) {
    if (["42P01", "3F000"].includes(sqlStateOf(error) ?? "")) {
      throw new Failure("source/changed", `a table is no longer where it was: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    throw error;
  }
  await assertInPlace(session, tables);
}

/** "source/changed" when a name no longer means the relation that the snapshot listed under it. */
export async function assertInPlace(session: Session, tables: readonly SourceTable[]): Promise<void> {
  const moved = await session.query<{ name: string }>(
    `select t.name from unnest($1::text[], $2::oid[]) as t(name, oid)
      where pg_catalog.to_regclass(t.name) is distinct from t.oid limit 1`,
    [tables.map(quoteName), tables.map(({ oid }) => oid)],
  );
  const [first] = moved;
  if (first !== undefined)
    throw new Failure("source/changed", `${first.name} is no longer the table of the snapshot`);
}
