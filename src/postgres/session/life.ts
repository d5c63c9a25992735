import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "pg";
import type { Waiting } from "../../base/waiting.ts";
import { MessageLimit, messageLimits } from "./message-limit.ts";
import { type Pulse, type SilenceLimits, SilenceWatch, type Trickle } from "./silence.ts";
import type { Wire } from "./wire.ts";

const closeTimeoutMs = 3_000;

const words: Readonly<Record<Pulse, string>> = {
  works: "its session works",
  unknown: "nothing is known of its session",
  idle: "the server does nothing for it any more",
  gone: "the server has no such session any more",
  silent: "the server does not answer at all",
  "waits-for-us": "the server waits for what was sent long since",
  "waits-for-our-reading": "what the server sends does not arrive",
};

function slowness({ bytes, seconds }: Trickle): string {
  return `is too slow, ${String(bytes)} bytes in ${seconds.toFixed(0)} seconds`;
}

interface Connection {
  readonly client: Client;
  readonly wire: Wire;
}

/** A connection that may be dead without anybody saying so. */
interface AskedAfter {
  readonly limits: SilenceLimits;
  /** What becomes of its session, over another connection. */
  readonly ask: (wait: Waiting) => Promise<Pulse>;
}

/** The connection from birth to end: cut when its wait ends, and remembered as broken when it breaks while idle. */
export class Life {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly wire: Wire;
  readonly wait: Waiting;
  readonly cut: () => void;
  readonly #gone: Promise<void>;
  readonly #watch: SilenceWatch | null;
  /** Why the connection was cut, when silence was the reason or what the server sent. */
  dead: Error | null = null;

  /** `silence`: null for one that may be silent for as long as its wait allows. */
  constructor({ client, wire }: Connection, silence: AskedAfter | null, wait: Waiting) {
    const { socket } = wire;
    this.#client = client;
    this.#socket = socket;
    this.wire = wire;
    this.wait = wait;
    const moved = (): number => socket.bytesRead + socket.bytesWritten - socket.writableLength;
    const onDead = (found: Pulse, trickle: Trickle | null): void => {
      const how = trickle === null ? "is dead and nobody said so" : slowness(trickle);
      this.dead = new Error(`the connection ${how}: ${words[found]}`);
      socket.destroy();
    };
    this.#watch =
      silence === null ? null : new SilenceWatch({ moved, ask: silence.ask, onDead }, silence.limits);
    this.cut = () => {
      socket.destroy();
    };
    this.#gone = new Promise((resolve) => {
      socket.once("close", () => {
        resolve();
      });
    });
    wait.signal.addEventListener("abort", this.cut, { once: true });
    // Without a listener a connection that breaks between two statements would end the process;
    // the next statement fails and says so.
    client.on("error", () => undefined);
  }

  /**
   * From here on no message reaches `pg` that it could not hold: what the server sent instead is told to `failureFor`,
   * whose failure everything on this connection ends with. `stream` is the one that `pg` reads, before the first message.
   */
  limit(stream: Duplex, failureFor: (what: string) => Error): void {
    const limit = new MessageLimit(messageLimits, (what) => {
      if (what !== null) this.dead ??= failureFor(what);
      this.#socket.destroy();
    });
    stream.prependListener("data", (bytes: Buffer) => {
      limit.take(bytes);
    });
  }

  /** While `work` runs it is the server that is waited for. */
  async awaits<T>(work: () => Promise<T>): Promise<T> {
    return this.#watch === null ? work() : this.#watch.awaits(work);
  }

  /** Parts that the server sends, and others take. */
  taken<T>(parts: AsyncIterable<T>): AsyncIterable<T> {
    return this.#watch?.taken(parts) ?? parts;
  }

  /** Parts that others make, and the server takes. */
  given<T>(parts: AsyncIterable<T>): AsyncIterable<T> {
    return this.#watch?.given(parts) ?? parts;
  }

  async end(): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    this.wait.signal.removeEventListener("abort", this.cut);
    const timer = setTimeout(this.cut, closeTimeoutMs);
    try {
      if (!this.#socket.destroyed) {
        this.#client.end().catch(() => undefined);
        await this.#gone;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
