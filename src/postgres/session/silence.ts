/**
 * A connection on which nothing moves while we wait for the server may belong to a statement that takes its
 * time, or be dead without anybody having said so: a firewall that forgot it, a proxy that hangs. No limit of
 * time tells one from the other, so the server is asked, over another connection, what that session does. So it is
 * where bytes trickle: rows may be hard to find, or the line so bad that they would not be here in a year.
 */
import type { LineLimits } from "../../base/server-address.ts";
import type { Waiting } from "../../base/waiting.ts";
import { within } from "../../base/waiting.ts";
import { LineMeter } from "./line-meter.ts";

export interface SilenceLimits {
  /** So long nothing may move before the server is asked, and again after each good answer and the first that fails to come. */
  readonly silenceMs: number;
  /** So long the server has to answer, login included. */
  readonly answerMs: number;
  /** A line that carries less, through all of `silenceMs` and then once more, while the server is not at work, is as good as dead; 0: none is. */
  readonly leastBytesPerSecond: number;
}

const silenceMsDefault = 120_000;
/** 1 GB would take twelve days, with a snapshot that holds back vacuum. */
const leastBytesPerSecondDefault = 1024;
const answerMsMost = 30_000;
/** Names to look up, TLS and SCRAM to a server far away take their time, however soon it is to be asked. */
const answerMsLeast = 5_000;

/** What an address asks for, or what is usual. */
export function silenceLimitsOf({
  silenceMs = silenceMsDefault,
  leastBytesPerSecond = leastBytesPerSecondDefault,
}: LineLimits): SilenceLimits {
  const answerMs = Math.max(answerMsLeast, Math.min(answerMsMost, silenceMs));
  return { silenceMs, answerMs, leastBytesPerSecond };
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

/** What came through in a window of a line that is too slow. */
export interface Trickle {
  readonly bytes: number;
  readonly seconds: number;
}

interface Watched {
  /** Bytes that came and went so far; never fewer than before. */
  readonly moved: () => number;
  readonly ask: (wait: Waiting) => Promise<Pulse>;
  /** Called once, with what was found, and what trickled where something did. */
  readonly onDead: (found: Pulse, trickle: Trickle | null) => void;
}

export class SilenceWatch implements Disposable {
  readonly #watched: Watched;
  readonly #limits: SilenceLimits;
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #meter: LineMeter;
  #awaiting = 0;
  #since = performance.now();
  #before = -1;
  #asking = false;
  /** Asked last time, the server did not answer. */
  #unanswered = false;
  /** In the window before, the line was slow and the server not at work. */
  #wasSlow = false;

  constructor(watched: Watched, limits: SilenceLimits) {
    this.#watched = watched;
    this.#limits = limits;
    this.#meter = new LineMeter(limits.silenceMs);
    this.#timer = setInterval(() => void this.#look(), limits.silenceMs / 4);
    this.#timer.unref();
  }

  /** While `work` runs it is the server that is waited for. */
  async awaits<T>(work: () => Promise<T>): Promise<T> {
    this.#since = performance.now();
    this.#wasSlow = false;
    this.#meter.begin(this.#watched.moved());
    this.#waits();
    try {
      return await work();
    } finally {
      this.#rests();
    }
  }

  /** The same parts; whoever takes them is not the server, and may take their time. */
  async *taken<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const part of parts) {
      this.#rests();
      try {
        yield part;
      } finally {
        this.#waits();
        this.#since = performance.now();
      }
    }
  }

  /** The same parts; while the next one is made the server waits for us. */
  async *given<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = parts[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#rests();
        const next = await iterator.next().finally(() => {
          this.#waits();
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

  #waits(): void {
    this.#awaiting += 1;
    if (this.#awaiting > 0) this.#meter.waits();
  }

  #rests(): void {
    this.#awaiting -= 1;
    if (this.#awaiting <= 0) this.#meter.rests();
  }

  async #look(): Promise<void> {
    const now = this.#watched.moved();
    if (now !== this.#before || this.#awaiting <= 0) {
      this.#before = now;
      this.#since = performance.now();
      this.#unanswered = false;
      const trickle = this.#trickle();
      if (trickle !== null && !this.#asking) await this.#ask((found) => this.#judgeSlow(found, trickle));
      return;
    }
    if (this.#asking || performance.now() - this.#since < this.#limits.silenceMs) return;
    await this.#ask((found) => {
      // What came while we asked is an answer too.
      if (this.#watched.moved() === now) this.#judgeSilent(found);
    });
  }

  async #ask(judge: (found: Pulse) => void): Promise<void> {
    this.#asking = true;
    try {
      const found = await this.#watched.ask(within(this.#end, this.#limits.answerMs));
      if (!this.#end.signal.aborted && this.#awaiting > 0) judge(found);
    } finally {
      this.#since = performance.now();
      this.#asking = false;
    }
  }

  /** Once it may be the asking that went wrong: this ends hours of work. */
  #judgeSilent(found: Pulse): void {
    const isFirst = found === "silent" && !this.#unanswered;
    this.#unanswered = found === "silent";
    if (!isFirst && found !== "works" && found !== "unknown") this.#giveUp(found, null);
  }

  /** A server may be between two rows that are hard to find just when it is asked; not twice. */
  #judgeSlow(found: Pulse, trickle: Trickle): void {
    const isLine = found !== "works" && found !== "unknown";
    if (isLine && this.#wasSlow) this.#giveUp(found, trickle);
    else this.#wasSlow = isLine;
  }

  #giveUp(found: Pulse, trickle: Trickle | null): void {
    this[Symbol.dispose]();
    this.#watched.onDead(found, trickle);
  }

  /** What came through in the window that is over, where that was too little; silence is another matter. */
  #trickle(): Trickle | null {
    const window = this.#meter.measured(this.#watched.moved());
    if (window === null || this.#awaiting <= 0) return null;
    const { bytes, seconds } = window;
    if (bytes > 0 && bytes < seconds * this.#limits.leastBytesPerSecond) return window;
    this.#wasSlow = false;
    return null;
  }
}
