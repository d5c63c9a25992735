import type { Client } from "pg";
import { Failure } from "../../base/failure.ts";
import { CopyOutQuery } from "./copy-out-query.ts";
import type { CopyOut } from "./session.ts";
import type { Wire } from "./wire.ts";

/** The connection that a COPY goes over. */
export interface CopyLine {
  readonly client: Client;
  readonly wire: Wire;
  /** Runs work when the connection is free, and holds the connection until the work is done. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Breaks the connection, which is the only way to break off a COPY. */
  readonly cut: () => void;
}

/**
 * A COPY … TO STDOUT that starts when `bytes` is first asked. They end once the server has said that the
 * command ended well and is ready for the next one; the end of the data alone says nothing. Leaving the
 * iteration early cuts the connection.
 */
export function copyOut(line: CopyLine, statement: string): CopyOut {
  const query = new CopyOutQuery(line.wire, statement, line.cut);
  async function* bytes(): AsyncGenerator<Buffer> {
    let over = false;
    const whole = line
      .turn(() => {
        line.client.query(query);
        return query.completed;
      })
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
  }
  return {
    bytes: bytes(),
    rows: () => {
      if (query.rows === null) throw new Failure("internal/bug", "rows of a COPY asked before its end");
      return query.rows;
    },
  };
}
