import { recycle } from "../base/parts.ts";
import type { Budget } from "../base/limit.ts";
import { orAbort, type Waiting } from "../base/waiting.ts";
import type { StreamStep } from "./messages.ts";
import type { PlaceLane } from "./place-lane.ts";
import { type CutChunk, sealedRoom } from "./sealing.ts";
import type { Thread } from "./thread.ts";

/** What a push rarely completes more chunks than; the worker asks for the room of others. */
const chunksExpected = 2;

interface Means {
  readonly thread: Pick<Thread, "ask">;
  readonly stream: number;
  /** For sealed bytes on their way to `place`; given back when `place` is done with them. */
  readonly sealedBudget: Budget;
  readonly lane: PlaceLane;
}

interface Sent {
  readonly answer: Promise<StreamStep>;
  /** Of the room that was granted; callable again. */
  readonly giveBack: () => void;
}

/**
 * The plaintext of one stream on its way to its worker, and the chunks on their way back. The next push may be sent
 * while one is at work, so that the worker never waits for the main thread; what comes back is placed in order.
 *
 * Room for what a push may complete is taken before it is sent, if it can be had at once. If not, the worker
 * stops at the chunk, and room is waited for here. Whoever waits for room holds none but that of
 * chunks which are being placed: streams cannot wait for one another in a ring.
 */
export class Pushes {
  readonly #means: Means;
  readonly #wait: Waiting;
  readonly #grants = new Set<() => void>();
  /** Plaintext that was sent and has not come back as chunks. */
  #held = 0;
  #isStopped = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(means: Means, wait: Waiting) {
    this.#means = means;
    this.#wait = wait;
  }

  /** Sends at once; `null`: that was all. Resolves when `place` has begun with the last chunk that this completes. */
  push(plain: Uint8Array<ArrayBuffer> | null): Promise<StreamStep> {
    const settled = this.#settle(this.#last, this.#send(plain));
    this.#last = settled;
    return settled;
  }

  #send(plain: Uint8Array<ArrayBuffer> | null): Sent {
    const { thread, stream, sealedBudget } = this.#means;
    this.#held += plain?.length ?? 0;
    const room = sealedRoom(this.#held) + (chunksExpected - 1) * sealedRoom(0);
    const taken = this.#isStopped ? null : sealedBudget.takeNow(room);
    const giveBack = taken ?? nothing;
    this.#grants.add(giveBack);
    const granted = taken === null ? 0 : room;
    const answer = thread.ask({ kind: "push", stream, plain, granted }, plain === null ? [] : [plain.buffer]);
    // Looked at in its turn.
    answer.catch(() => undefined);
    return { answer, giveBack };
  }

  async #settle(before: Promise<unknown>, { answer, giveBack }: Sent): Promise<StreamStep> {
    const { thread, stream, sealedBudget } = this.#means;
    let free = giveBack;
    try {
      await before;
      let step = await orAbort(answer, this.#wait);
      while (step.waiting !== null) {
        this.#stop(giveBack);
        await this.#place(step.chunks, free);
        free = await sealedBudget.take(step.waiting, this.#wait);
        this.#isStopped = false;
        step = await orAbort(thread.ask({ kind: "next", stream }, []), this.#wait);
      }
      if (step.spare !== null) recycle(new Uint8Array(step.spare));
      await this.#place(step.chunks, free);
      return step;
    } catch (error) {
      free();
      throw error;
    } finally {
      this.#grants.delete(giveBack);
    }
  }

  /**
   * The worker forgets what was granted to pushes that are sent by now when it is told to go on. Not that `ofPlaced`
   * grant under which chunks were sealed that are still to be placed.
   */
  #stop(ofPlaced: () => void): void {
    this.#isStopped = true;
    this.#grants.delete(ofPlaced);
    for (const giveBack of this.#grants) giveBack();
    this.#grants.clear();
  }

  async #place(chunks: readonly CutChunk[], giveBack: () => void): Promise<void> {
    const last = chunks.findLastIndex(({ sealed }) => sealed !== null);
    if (last === -1) giveBack();
    for (const [index, chunk] of chunks.entries()) {
      this.#held -= chunk.bytes;
      await this.#means.lane.put(chunk, index === last ? giveBack : nothing);
    }
  }
}

function nothing(): void {}
