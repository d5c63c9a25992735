import type { Client } from "pg";
import { Failure } from "../../base/failure.ts";
import { CopyOutQuery } from "./copy-out-query.ts";
import type { CopiedPart } from "./copy-parts.ts";
import type { CopyOut } from "./session.ts";
import type { Wire } from "./wire.ts";

/** The connection that a COPY goes over. */
export interface CopyLine {
  readonly client: Client;
  readonly wire: Wire;
  /** Runs work when the connection is free, and holds the connection until the work is done; a failure tells `statement`. */
  readonly turn: <T>(statement: () => string, work: () => Promise<T>) => Promise<T>;
  /** Breaks the connection, which is the only way to break off a COPY. */
  readonly cut: () => void;
}

/**
 * Several COPY … TO STDOUT, asked for in one message when `parts` is first asked; at least one. The end of each is
 * told once the server has said that it ended well, that of the last once the server is ready for the next statement
 * as well; the end of the data alone says nothing. Leaving the iteration early cuts the connection.
 */
export async function* copiesOut(line: CopyLine, statements: readonly string[]): AsyncGenerator<CopiedPart> {
  const query = new CopyOutQuery(line.wire, statements, line.cut);
  let over = false;
  const whole = line
    .turn(
      () => query.statement,
      () => {
        line.client.query(query);
        return query.completed;
      },
    )
    .finally(() => {
      over = true;
      query.parts.close();
    });
  // Thrown below, when nothing is left to be read.
  whole.catch(() => undefined);
  let read = false;
  try {
    for (let part = await query.parts.next(); part !== null; part = await query.parts.next()) yield part;
    read = true;
  } finally {
    if (!read && !over) line.cut();
  }
  await whole;
  if (query.rows === null) throw new Failure("internal/bug", "a COPY ended well without its number of rows");
  yield { bytes: Buffer.alloc(0), ends: [{ at: 0, rows: query.rows }] };
}

/** One alone. Its bytes end when the server has said that the command ended well and is ready for the next one. */
export function copyOut(parts: AsyncIterable<CopiedPart>): CopyOut {
  let rows: number | null = null;
  async function* bytesOnly(): AsyncGenerator<Buffer> {
    for await (const { bytes, ends } of parts) {
      if (bytes.length > 0) yield bytes;
      rows = ends[0]?.rows ?? null;
    }
  }
  return {
    bytes: bytesOnly(),
    rows: () => {
      if (rows === null) throw new Failure("internal/bug", "rows of a COPY asked before its end");
      return rows;
    },
  };
}
