import type { Client, Connection } from "pg";
import { CopyQuery } from "./copy-query.ts";

/** Thrown in place of what the caller's own iteration threw, which is its `cause`. */
export class GivenSourceError extends Error {}

/**
 * A connection shows that it moves only when the system has taken a write whole, and one on which nothing moves is
 * taken for dead (silence.ts): a slow line must get a piece of this size through in the meantime.
 */
const pieceBytes = 128 * 1024;

/**
 * Feeds `source` to COPY … FROM STDIN and returns the server's count of rows. The next part is asked for when the
 * system has taken the one before whole, so that its memory may be used again by then.
 */
export async function copyIn(
  client: Client,
  statement: string,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const query = new CopyInQuery(statement);
  client.query(query);
  await query.begun;
  try {
    for await (const part of source) await query.give(part);
  } catch (cause) {
    if (query.isOver) await query.ended;
    query.breakOff();
    await query.ended.catch(() => undefined);
    throw new GivenSourceError("the rows to be loaded could not be read", { cause });
  }
  query.finish();
  return query.ended;
}

/** Until the server has answered no byte may be sent, and after an error it wants none. */
class CopyInQuery extends CopyQuery {
  readonly #statement: string;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<number>();
  #connection: Connection | null = null;
  #rows: number | null = null;
  isOver = false;

  constructor(statement: string) {
    super();
    this.#statement = statement;
    // Who waits for the one need not have come to the other.
    this.#begun.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
  }

  /** The server wants rows. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** The number of rows, once the server has said that all are in and is ready for the next statement. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#statement);
  }

  /**
   * Resolves when the system has taken the bytes; rejects when the server has ended the COPY. Either way the memory
   * is free: until a write has ended the system reads from it, even where the server wants none of it any more.
   */
  async give(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length; at += pieceBytes) {
      const isTaken = await this.#send("d", part.subarray(at, at + pieceBytes));
      // What could not be sent ends the query by the end of the connection.
      if (!isTaken || this.isOver) await this.ended;
    }
  }

  finish(): void {
    void this.#send("c", Buffer.alloc(0));
  }

  breakOff(): void {
    void this.#send("f", Buffer.from("the rows to be loaded could not be read\0"));
  }

  override handleCopyInResponse(): void {
    this.#begun.resolve();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const [, rows] = /^COPY (\d+)$/.exec(text) ?? [];
    if (rows !== undefined) this.#rows = Number(rows);
  }

  handleReadyForQuery(): void {
    if (this.#rows === null) this.handleError(new Error("the server ended a COPY without saying so"));
    else this.#ended.resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.isOver = true;
    this.#begun.reject(error);
    this.#ended.reject(error);
  }

  protected override breakConnection(): void {
    this.#connection?.stream.destroy();
  }

  /**
   * One message of the protocol: its kind, its length without the kind, what is in it. Resolves when the write has
   * ended, however that may be: whether the system has taken it.
   */
  async #send(kind: string, content: Uint8Array): Promise<boolean> {
    const stream = this.#connection?.stream;
    if (stream === undefined || this.isOver) return false;
    const head = Buffer.alloc(5);
    head.write(kind, "latin1");
    head.writeUInt32BE(content.length + 4, 1);
    return new Promise((resolve) => {
      stream.cork();
      stream.write(head);
      stream.write(content, (error) => {
        resolve(error === null || error === undefined);
      });
      stream.uncork();
    });
  }
}
