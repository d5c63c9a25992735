/** What `pg` may be given of one statement: it holds each message whole, and all rows until the statement ends. */
export interface MessageLimits {
  /** One message: a row, an error, a notice. */
  readonly messageBytesMax: number;
  /** All rows of one statement, as long as they are and `rowHeapBytes` for each; those of a COPY are not among them. */
  readonly rowsBytesMax: number;
}

/** As much as a schema archive may have, of which what is asked for here is a part (`dumpSchema`). */
export const messageLimits: MessageLimits = { messageBytesMax: 64 << 20, rowsBytesMax: 512 << 20 };

/** What a row of a few columns takes as an object of the engine's, above its bytes: four million short ones fill a heap. */
const rowHeapBytes = 150;

/** Kinds of messages (PostgreSQL documentation, "Message Formats"). */
const dataRow = 0x44;
const errorResponse = 0x45;
const readyForQuery = 0x5a;
const headBytes = 5;

/**
 * Follows the messages of a server from head to head, in parts of any size. A tenant can put half a gigabyte into a
 * comment, or into the words of an exception; of those `pg` makes one text, which the engine refuses in a place where
 * nobody can catch it, so that the whole process ends, and with it the work for all other tenants.
 */
export class MessageLimit {
  readonly #limits: MessageLimits;
  readonly #onBeyond: (what: string | null) => void;
  readonly #head = Buffer.alloc(headBytes);
  #headFilled = 0;
  #left = 0;
  #rowsBytes = 0;
  #isFirst = true;

  /**
   * `onBeyond` is told what came, once for each message beyond a limit; it ends the connection. Told null, it need not
   * say why: a server that has no process to spare says so first of all, in words without a length before them.
   */
  constructor(limits: MessageLimits, onBeyond: (what: string | null) => void) {
    this.#limits = limits;
    this.#onBeyond = onBeyond;
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      const part = bytes.subarray(at, at + headBytes - this.#headFilled);
      this.#head.set(part, this.#headFilled);
      this.#headFilled += part.length;
      at += part.length;
      if (this.#headFilled === headBytes) this.#begin();
    }
  }

  #begin(): void {
    this.#headFilled = 0;
    // The length counts itself, not the kind.
    const length = this.#head.readUInt32BE(1);
    this.#left = Math.max(0, length - 4);
    const kind = this.#head[0];
    if (kind === readyForQuery) this.#rowsBytes = 0;
    if (kind === dataRow) this.#rowsBytes += length + rowHeapBytes;
    const isUntold = this.#isFirst && kind === errorResponse;
    this.#isFirst = false;
    const { messageBytesMax, rowsBytesMax } = this.#limits;
    if (length > messageBytesMax && isUntold) this.#onBeyond(null);
    else if (length > messageBytesMax)
      this.#onBeyond(`a message of ${String(length)} bytes, more than ${String(messageBytesMax)}`);
    else if (this.#rowsBytes > rowsBytesMax)
      this.#onBeyond(`rows of more than ${String(rowsBytesMax)} bytes in answer to one statement`);
  }
}
