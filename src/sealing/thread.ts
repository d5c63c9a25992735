import { type Transferable, Worker } from "node:worker_threads";
import { Failure } from "../base/failure.ts";
import { abortFailure } from "../base/waiting.ts";
import { type Answer, type Answers, type Ask, type Reply, type Request, unflatten } from "./messages.ts";

/** The same file under both names: the sources run as they stand, the package holds what tsc made of them. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/**
 * A thread works on megabytes outside of the heap and makes few objects in it. A young generation of the usual
 * size fills so slowly that the bytes those objects stand for gather meanwhile.
 */
const maxYoungGenerationSizeMb = 4;

/** Methods, so that each may take the answer of its own ask: the answer to an ask has the ask's kind. */
interface Pending {
  resolve(answer: Answer): void;
  reject(failure: Failure): void;
}

/** One worker thread. When it dies, everything asked of it, then and later, fails. */
export class Thread implements AsyncDisposable {
  readonly #worker = new Worker(workerFile, { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb } });
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  readonly #over = new AbortController();
  /** Streams and jobs that were given to this thread and have not ended. */
  load = 0;
  /** Those of them that keep it busy for a while. */
  longLoad = 0;

  /** Aborted, with the failure, once the thread is dead; for who waits for something else meanwhile. */
  readonly signal = this.#over.signal;

  constructor() {
    this.#worker.on("message", (reply: Reply) => {
      this.#settle(reply);
    });
    this.#worker.on("error", (cause) => {
      this.#die(new Failure("internal/bug", "a sealing thread broke", { cause }));
    });
    this.#worker.on("exit", (code) => {
      this.#die(new Failure("internal/bug", `a sealing thread ended with code ${String(code)}`));
    });
  }

  /** The buffers in `transfer` are gone for the caller. */
  ask<Kind extends Ask["kind"]>(
    ask: Extract<Ask, { readonly kind: Kind }>,
    transfer: readonly Transferable[],
  ): Promise<Answers[Kind]> {
    if (this.#over.signal.aborted) return Promise.reject(abortFailure(this.#over.signal));
    const request: Request = { id: (this.#asked += 1), ask };
    return new Promise<Answers[Kind]>((resolve, reject) => {
      this.#pending.set(request.id, {
        resolve: (answer: Answers[Kind]) => {
          resolve(answer);
        },
        reject,
      });
      this.#worker.postMessage(request, [...transfer]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#die(new Failure("wait/cancelled", "sealing was shut down"));
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.kind === "failed") pending?.reject(unflatten(reply.failure));
    else pending?.resolve(reply.answer);
  }

  #die(failure: Failure): void {
    this.#over.abort(failure);
    for (const pending of this.#pending.values()) pending.reject(abortFailure(this.#over.signal));
    this.#pending.clear();
  }
}
