/**
 * A connection on which nothing moves while we wait for the server may belong to a statement that takes its
 * time, or be dead without anybody having said so: a firewall that forgot it, a proxy that hangs. No limit of
 * time tells one from the other, so the server is asked, over another connection, what that session does.
 */
import type { Waiting } from "../../base/waiting.ts";
import { within } from "../../base/waiting.ts";

export interface SilenceLimits {
  /** So long nothing may move before the server is asked, and again after each good answer and the first that fails to come. */
  readonly silenceMs: number;
  /** So long the server has to answer, login included. */
  readonly answerMs: number;
}

const silenceMsDefault = 120_000;
const answerMsMost = 30_000;
/** Names to look up, TLS and SCRAM to a server far away take their time, however soon it is to be asked. */
const answerMsLeast = 5_000;

/** What an address asks for, or what is usual. */
export function silenceLimitsOf(silenceMs = silenceMsDefault): SilenceLimits {
  return { silenceMs, answerMs: Math.max(answerMsLeast, Math.min(answerMsMost, silenceMs)) };
}

/** What the server, asked over another connection, says of the session; `unknown` where it answers and does not tell. */
export type Pulse =
  | "works"
  | "waits-for-us"
  | "waits-for-our-reading"
  | "idle"
  | "gone"
  | "silent"
  | "unknown";

interface Watched {
  /** Bytes that came and went so far. */
  readonly moved: () => { readonly inwards: number; readonly outwards: number };
  readonly ask: (wait: Waiting) => Promise<Pulse>;
  /** Called once, with what was found. */
  readonly onDead: (found: Pulse) => void;
}

export class SilenceWatch implements Disposable {
  readonly #watched: Watched;
  readonly #limits: SilenceLimits;
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #awaiting = 0;
  #since = performance.now();
  #before = "";
  #asking = false;
  /** Asked last time, the server did not answer. */
  #unanswered = false;

  constructor(watched: Watched, limits: SilenceLimits) {
    this.#watched = watched;
    this.#limits = limits;
    this.#timer = setInterval(() => void this.#look(), limits.silenceMs / 4);
    this.#timer.unref();
  }

  /** While `work` runs it is the server that is waited for. */
  async awaits<T>(work: () => Promise<T>): Promise<T> {
    this.#since = performance.now();
    this.#awaiting += 1;
    try {
      return await work();
    } finally {
      this.#awaiting -= 1;
    }
  }

  /** The same parts; whoever takes them is not the server, and may take their time. */
  async *taken<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const part of parts) {
      this.#awaiting -= 1;
      try {
        yield part;
      } finally {
        this.#awaiting += 1;
        this.#since = performance.now();
      }
    }
  }

  /** The same parts; while the next one is made the server waits for us. */
  async *given<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = parts[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#awaiting -= 1;
        const next = await iterator.next().finally(() => {
          this.#awaiting += 1;
          this.#since = performance.now();
        });
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#end.abort();
  }

  async #look(): Promise<void> {
    const now = this.#moved();
    if (now !== this.#before || this.#awaiting <= 0) {
      this.#before = now;
      this.#since = performance.now();
      this.#unanswered = false;
      return;
    }
    if (this.#asking || performance.now() - this.#since < this.#limits.silenceMs) return;
    this.#asking = true;
    try {
      const found = await this.#watched.ask(within(this.#end, this.#limits.answerMs));
      // What came while we asked is an answer too.
      if (this.#end.signal.aborted || this.#moved() !== now || this.#awaiting <= 0) return;
      // Once it may be the asking that went wrong: this ends hours of work.
      const isFirst = found === "silent" && !this.#unanswered;
      this.#unanswered = found === "silent";
      if (isFirst || found === "works" || found === "unknown") return;
      this[Symbol.dispose]();
      this.#watched.onDead(found);
    } finally {
      this.#since = performance.now();
      this.#asking = false;
    }
  }

  #moved(): string {
    const { inwards, outwards } = this.#watched.moved();
    return `${String(inwards)} ${String(outwards)}`;
  }
}
