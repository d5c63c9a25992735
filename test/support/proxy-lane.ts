/** One direction of a connection through the proxy: what it is given goes on later, slower, in part, or not at all. */
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What becomes of a connection once so many bytes more have passed. */
export interface Break {
  readonly bytes: number;
  readonly act: () => void;
}

const queuedBytesMax = 1024 * 1024;
const drips = 10;

export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: () => number;
  readonly #queue: { readonly part: Buffer | null; readonly dueMs: number }[] = [];
  #queuedBytes = 0;
  #pumping = false;
  #silent = false;
  #bytesPerSecond: number | null = null;
  #lagMs = 0;
  #break: Break | null = null;

  /** `delayMs` is asked for every part; parts never overtake each other. */
  constructor(from: Socket, to: Socket, delayMs: () => number) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
  }

  /** Null: the end of what this direction says. */
  push(part: Buffer | null): void {
    const dueMs = performance.now() + this.#delayMs() + this.#lagMs;
    this.#queue.push({ part, dueMs });
    this.#queuedBytes += part?.length ?? 0;
    if (this.#queuedBytes > queuedBytesMax) this.#from.pause();
    if (!this.#pumping) void this.#pump();
  }

  /** Nothing passes any more, the end neither; nobody is told, and what is sent piles up with the sender. */
  goSilent(): void {
    this.#silent = true;
    this.#from.pause();
  }

  trickle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  lag(ms: number): void {
    this.#lagMs = ms;
  }

  breakAfter(at: Break): void {
    this.#break = at;
  }

  /** As at the beginning, unless it is silent. */
  flows(): void {
    this.#bytesPerSecond = null;
    this.#lagMs = 0;
    this.#break = null;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const restMs = next.dueMs - performance.now();
        if (restMs > 0) await pause(restMs, undefined, { ref: false });
        if (next.part === null) {
          if (!this.#silent) this.#to.end();
          continue;
        }
        await this.#pass(next.part);
        this.#queuedBytes -= next.part.length;
        if (!this.#silent && this.#from.isPaused() && this.#queuedBytes < queuedBytesMax / 2)
          this.#from.resume();
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #pass(part: Buffer): Promise<void> {
    const rate = this.#bytesPerSecond;
    const step = rate === null ? part.length : Math.max(1, Math.ceil(rate / drips));
    for (let at = 0; at < part.length; at += step) {
      if (rate !== null) await pause((step / rate) * 1000, undefined, { ref: false });
      if (this.#silent || this.#to.destroyed) return;
      await this.#send(part.subarray(at, at + step));
    }
  }

  async #send(part: Buffer): Promise<void> {
    const at = this.#break;
    const allowed = at === null ? part : part.subarray(0, at.bytes);
    if (allowed.length > 0 && !this.#to.write(allowed)) await drained(this.#to);
    if (at === null) return;
    this.#break = { ...at, bytes: at.bytes - allowed.length };
    if (this.#break.bytes > 0) return;
    this.#break = null;
    this.goSilent();
    at.act();
  }
}

/** Resolves as well when the socket goes before it takes more. */
async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}
