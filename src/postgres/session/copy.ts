import type { Client } from "pg";
import { from as copyFrom, to as copyTo, type CopyToStreamQuery } from "pg-copy-streams";
import { Failure } from "../../base/failure.ts";
import type { CopyOut } from "./session.ts";

/** Runs work when the connection is free, and holds the connection until the work is done. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A COPY … TO STDOUT that starts when `bytes` is first asked. The stream of the library ends at CopyDone,
 * before the server has said that the command ended well, so its end is held back until the server
 * is ready for the next query. Leaving the iteration early calls `abandon`, since a COPY cannot be
 * broken off without breaking the connection.
 */
export function copyOut(client: Client, statement: string, turn: Turn, abandon: () => void): CopyOut {
  let rows: number | undefined;
  async function* bytes(): AsyncGenerator<Buffer> {
    const opened = Promise.withResolvers<CopyToStreamQuery>();
    let over = false;
    const whole = turn(async () => {
      const { stream, completed } = start(client, statement);
      opened.resolve(stream);
      await completed;
    }).finally(() => {
      over = true;
    });
    whole.catch(opened.reject);
    const stream = await opened.promise;
    let read = false;
    try {
      for await (const part of stream as AsyncIterable<Buffer>) yield part;
      read = true;
    } catch {
      // The turn knows why, and fails below with the right code.
      read = true;
    } finally {
      if (!read && !over) abandon();
    }
    await whole;
    rows = stream.rowCount;
  }
  return {
    bytes: bytes(),
    rows: () => {
      if (rows === undefined) throw new Failure("internal/bug", "rows of a COPY asked before its end");
      return rows;
    },
  };
}

function start(
  client: Client,
  statement: string,
): { readonly stream: CopyToStreamQuery; readonly completed: Promise<void> } {
  const stream = copyTo(statement);
  const completed = new Promise<void>((resolve, reject) => {
    stream.on("error", reject);
    Object.assign(stream, { handleReadyForQuery: resolve });
  });
  client.query(stream);
  return { stream, completed };
}

/** Thrown in place of what the caller's own iteration threw, which is its `cause`. */
export class GivenSourceError extends Error {}

/** Feeds `source` to COPY … FROM STDIN and returns the server's count of rows. */
export async function copyIn(
  client: Client,
  statement: string,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const stream = client.query(copyFrom(statement));
  let refused = false;
  const ended = new Promise<void>((resolve, reject) => {
    stream.on("error", (error) => {
      refused = true;
      reject(error);
    });
    stream.once("finish", resolve);
  });
  ended.catch(() => undefined);
  try {
    for await (const part of source) {
      // One chunk at a time: the library must not hold chunks back when the server ends the COPY.
      const taken = new Promise<void>((resolve) => {
        stream.write(part, () => {
          resolve();
        });
      });
      await Promise.race([taken, ended]);
    }
  } catch (cause) {
    if (refused) await ended;
    stream.destroy(new Error("the rows to be loaded could not be read"));
    await ended.catch(() => undefined);
    throw new GivenSourceError("the rows to be loaded could not be read", { cause });
  }
  stream.end();
  await ended;
  return stream.rowCount;
}
