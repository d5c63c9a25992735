import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Takes the first `count` bytes of what PostgreSQL sent, which hold until it returns; whether more may come at once. */
type Take = (bytes: Buffer, count: number) => boolean;

/** What PostgreSQL sends, while it does not go to `pg`. */
export interface Diversion {
  /** More may come again. */
  resume(): void;
  /** Gives a message that is none of ours to `pg`, which takes it in pieces too. */
  pass(bytes: Buffer): void;
  /** From now on everything goes to `pg` again. */
  end(): void;
}

const receiveBytes = 64 * 1024;

/**
 * The socket under a connection of `pg`. All that comes in goes to `pg`, but for as long as somebody has
 * it diverted. In the clear it is received into one piece of memory that is used again and again: rows
 * come in tens of thousands of small reads, and a new buffer for each keeps the collector busy.
 */
export class Wire {
  readonly socket: Socket;
  readonly isEncrypted: boolean;
  #take: Take | null = null;

  /** `isEncrypted`: `pg` will wrap the socket, and speak through another one. */
  constructor(isEncrypted: boolean) {
    this.isEncrypted = isEncrypted;
    const buffer = Buffer.alloc(isEncrypted ? 0 : receiveBytes);
    const callback = (count: number): boolean => this.#received(buffer, count);
    this.socket = isEncrypted ? new Socket() : new Socket({ onread: { buffer, callback } });
  }

  /** Between two statements only. `stream` is the one that `pg` reads: the socket, or what wraps it. */
  divert(stream: Duplex, take: Take): Diversion {
    return stream === this.socket ? this.#divertSocket(take) : divertStream(stream, take);
  }

  #divertSocket(take: Take): Diversion {
    this.#take = take;
    return {
      resume: () => {
        this.socket.resume();
      },
      pass: (bytes) => {
        this.socket.emit("data", Buffer.from(bytes));
      },
      end: () => {
        this.#take = null;
        this.socket.resume();
      },
    };
  }

  #received(bytes: Buffer, count: number): boolean {
    if (this.#take !== null) return this.#take(bytes, count);
    // Copied, since `pg` may keep the beginning of a message until its end is there.
    this.socket.emit("data", Buffer.from(bytes.subarray(0, count)));
    return true;
  }
}

function divertStream(stream: Duplex, take: Take): Diversion {
  const listeners = stream.listeners("data").filter(isDataListener);
  const taking = (bytes: Buffer): void => {
    if (!take(bytes, bytes.length)) stream.pause();
  };
  stream.on("data", taking);
  for (const listener of listeners) stream.off("data", listener);
  return {
    resume: () => {
      stream.resume();
    },
    pass: (bytes) => {
      for (const listener of listeners) listener(bytes);
    },
    end: () => {
      stream.off("data", taking);
      for (const listener of listeners) stream.on("data", listener);
      stream.resume();
    },
  };
}

function isDataListener(listener: unknown): listener is (bytes: Buffer) => void {
  return typeof listener === "function";
}
