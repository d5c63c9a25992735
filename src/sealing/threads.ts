import { Failure } from "../base/failure.ts";
import { Thread } from "./thread.ts";

/** `short` is what ends with the bytes that are there already. */
type WorkLength = "short" | "long";

export interface TakenThread {
  readonly thread: Thread;
  readonly giveBack: () => void;
}

/** Worker threads and who works on which; a first one from the start, more once there is work for them. */
export class Threads implements AsyncDisposable {
  #most: number;
  #isShutDown = false;
  readonly #threads: Thread[] = [];
  /** Too many since the limit was lowered: they end with what they were given. */
  readonly #leaving = new Set<Thread>();

  constructor(most: number) {
    this.#most = Math.max(1, most);
    this.#start();
  }

  /** To start a thread takes longer than a short piece of work waits behind a long one. */
  take(length: WorkLength): TakenThread {
    if (this.#isShutDown) throw new Failure("wait/cancelled", "sealing was shut down");
    let thread = leastLoaded(this.#threads) ?? this.#start();
    if (length === "long" && thread.longLoad > 0 && this.#threads.length < this.#most) thread = this.#start();
    const long = length === "long" ? 1 : 0;
    thread.load += 1;
    thread.longLoad += long;
    return {
      thread,
      giveBack: () => {
        thread.load -= 1;
        thread.longLoad -= long;
        this.#endIfIdle(thread);
      },
    };
  }

  limit(most: number): void {
    this.#most = Math.max(1, most);
    for (const thread of this.#threads.splice(this.#most)) {
      this.#leaving.add(thread);
      this.#endIfIdle(thread);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isShutDown = true;
    await Promise.all([...this.#threads, ...this.#leaving].map((thread) => thread[Symbol.asyncDispose]()));
  }

  #start(): Thread {
    const thread = new Thread();
    // One that broke takes what it was given along, and nothing that comes later: a daemon lives on for months.
    const broke = (): void => {
      const at = this.#threads.indexOf(thread);
      if (at !== -1 && !this.#isShutDown) this.#threads.splice(at, 1);
    };
    thread.signal.addEventListener("abort", broke, { once: true });
    this.#threads.push(thread);
    return thread;
  }

  #endIfIdle(thread: Thread): void {
    if (!this.#leaving.has(thread) || thread.load > 0) return;
    this.#leaving.delete(thread);
    void thread[Symbol.asyncDispose]();
  }
}

function leastLoaded(threads: readonly Thread[]): Thread | undefined {
  return threads.reduce<Thread | undefined>(
    (least, other) => (least === undefined || isLessLoaded(other, least) ? other : least),
    undefined,
  );
}

function isLessLoaded(one: Thread, other: Thread): boolean {
  return one.longLoad === other.longLoad ? one.load < other.load : one.longLoad < other.longLoad;
}
