import type { Connection } from "pg";
import { CopyParts } from "./copy-parts.ts";
import { CopyQuery } from "./copy-query.ts";
import type { Diversion, Wire } from "./wire.ts";

/** Kinds of messages (PostgreSQL documentation, "Message Formats"). */
const copyData = letter("d");
const copyDone = letter("c");
const copyOutResponse = letter("H");
const commandComplete = letter("C");
/** May come between any two others: a notice, a changed parameter, a notification. */
const interspersed: readonly number[] = [letter("N"), letter("S"), letter("A")];
const headBytes = 5;

/**
 * One COPY … TO STDOUT, or several that the server is asked for at once and answers in turn; takes the rows off the
 * wire itself. The server sends every row as a message of its own; all that is done for one is to find its length and
 * to copy it behind the last. Each COPY has to end as one alone does, by CopyDone and its tag.
 */
export class CopyOutQuery extends CopyQuery {
  readonly parts = new CopyParts(() => this.#diversion?.resume());
  /** Of the last one by the server's own count, once it has said that the COPY ended well. */
  rows: number | null = null;
  readonly #wire: Pick<Wire, "divert">;
  readonly #statements: readonly string[];
  readonly #cut: () => void;
  readonly #end = Promise.withResolvers<void>();
  #diversion: Diversion | null = null;
  /** The head of a message that came in pieces. */
  readonly #head = Buffer.alloc(headBytes);
  #headFilled = 0;
  /** The message at hand, and how much of it is still to come. */
  #kind = 0;
  #left = 0;
  #done = false;
  /** How many ended well before the one at hand. */
  #ended = 0;
  /** What says how the one at hand has ended, as far as it has come. */
  #tag = "";
  /** One that was not the last has ended without its tag. */
  #unsaid = false;

  /** At least one statement. `cut` breaks the connection. */
  constructor(wire: Pick<Wire, "divert">, statements: readonly string[], cut: () => void) {
    super();
    this.#wire = wire;
    this.#statements = statements;
    this.#cut = cut;
  }

  /** Resolves once the server has ended the COPY well and is ready for the next statement. */
  get completed(): Promise<void> {
    return this.#end.promise;
  }

  /** The one at hand, or the last. */
  get statement(): string {
    return this.#statements[this.#ended] ?? "";
  }

  submit(connection: Connection): void {
    this.#diversion = this.#wire.divert(connection.stream, (bytes, count) => this.#take(bytes, count));
    connection.query(this.#statements.join(";\n"));
  }

  handleError(error: unknown): void {
    this.#leave();
    this.#end.reject(error);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#done && !this.#isFollowed()) this.rows = rowsOf(text);
  }

  handleReadyForQuery(): void {
    this.#leave();
    if (this.rows === null || this.#unsaid)
      this.#end.reject(new Error("the server ended a COPY without saying so"));
    else this.#end.resolve();
  }

  protected override breakConnection(): void {
    this.#cut();
  }

  #take(bytes: Buffer, count: number): boolean {
    let at = 0;
    while (at < count) {
      if (this.#left > 0) {
        const to = Math.min(count, at + this.#left);
        this.#content(bytes, at, to);
        this.#left -= to - at;
        at = to;
        if (this.#left === 0 && this.#kind === commandComplete) this.#next();
      } else if (this.#headFilled === 0 && at + headBytes <= count) {
        at = this.#wholeRows(bytes, at, count);
        if (at + headBytes > count) continue;
        if (!this.#begin(bytes, at)) return this.#handOver(bytes.subarray(at, count));
        at += headBytes;
      } else {
        const taken = bytes.copy(this.#head, this.#headFilled, at, count);
        at += taken;
        this.#headFilled += taken;
        if (this.#headFilled < headBytes) break;
        this.#headFilled = 0;
        if (!this.#begin(this.#head, 0)) {
          return this.#handOver(Buffer.concat([this.#head, bytes.subarray(at, count)]));
        }
      }
    }
    return this.parts.hasRoom;
  }

  /** Nearly all that comes is rows from head to end. Takes those that stand at `from`, and says where it stopped. */
  #wholeRows(bytes: Buffer, from: number, count: number): number {
    let at = from;
    while (!this.#done && at + headBytes <= count && bytes[at] === copyData) {
      const to = at + 1 + bytes.readInt32BE(at + 1);
      if (to > count || to < at + headBytes) break;
      this.parts.add(bytes, at + headBytes, to);
      at = to;
    }
    return at;
  }

  /** Whether the message that begins with this head is for us, or on its way to `pg` through us. */
  #begin(bytes: Buffer, at: number): boolean {
    const kind = bytes[at] ?? 0;
    const left = bytes.readInt32BE(at + 1) - (headBytes - 1);
    this.#kind = kind;
    this.#left = left;
    if (left < 0) {
      // Nothing that comes can be told apart any more, and must not reach `pg`.
      this.#cut();
      this.#kind = copyOutResponse;
      this.#left = Number.MAX_SAFE_INTEGER;
      return true;
    }
    if (kind === copyData && !this.#done) return true;
    if (this.#done && kind === commandComplete && this.#isFollowed()) return true;
    if (this.#done && !this.#isFollowed()) return false;
    if (interspersed.includes(kind)) this.#diversion?.pass(bytes.subarray(at, at + headBytes));
    else if (this.#done) return false;
    else if (kind === copyDone) this.#done = true;
    else return kind === copyOutResponse;
    return true;
  }

  #content(bytes: Buffer, from: number, to: number): void {
    if (this.#kind === copyData) this.parts.add(bytes, from, to);
    else if (this.#kind === commandComplete) this.#tag += bytes.toString("latin1", from, to);
    else if (this.#kind !== copyOutResponse) this.#diversion?.pass(bytes.subarray(from, to));
  }

  /** Whether other statements come behind the one at hand. */
  #isFollowed(): boolean {
    return this.#ended < this.#statements.length - 1;
  }

  /** The one at hand has ended, and the next one begins. */
  #next(): void {
    const rows = rowsOf(this.#tag.replace(/\0$/, ""));
    this.#unsaid ||= rows === null;
    this.parts.end(rows ?? 0);
    this.#tag = "";
    this.#ended += 1;
    this.#done = false;
  }

  /** What comes now is for `pg`: how the COPY ended, or that it did not come about. */
  #handOver(bytes: Buffer): boolean {
    const diversion = this.#diversion;
    this.#leave();
    diversion?.pass(bytes);
    return true;
  }

  #leave(): void {
    this.#diversion?.end();
    this.#diversion = null;
    if (this.#done) this.parts.flush();
  }
}

function rowsOf(tag: string): number | null {
  const [, rows] = /^COPY (\d+)$/.exec(tag) ?? [];
  return rows === undefined ? null : Number(rows);
}

function letter(text: string): number {
  return text.charCodeAt(0);
}
