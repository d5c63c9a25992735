/**
 * A store that goes wrong on demand, and reads as a sentence:
 *
 *     const store = faulty(memoryStore());
 *     store.next("create").failsWith("store/full");
 *     store.next("read", "manifest.age").flipsBit(12);
 *     store.every("create").takes(whenTheTestSaysSo);
 *
 * A fault may be narrowed to keys that contain a text. `next` is used up by the first call that
 * fits; `every` stays until `heals()`.
 */
import { Failure, type FailureCode } from "../../src/base/failure.ts";
import { orAbort, pause, type Waiting } from "../../src/base/waiting.ts";
import type { ObjectKey, StoreName } from "../../src/model/ids.ts";
import type {
  CreateOptions,
  ObjectStat,
  ObjectVersion,
  ReadOptions,
  StoreOperation,
  WholeStore,
} from "../../src/stores/store.ts";

export interface Fault {
  /** Nothing is done. */
  failsWith(code: FailureCode): void;
  /** It is done, and yet the caller is told that the store could not be reached. */
  failsOnceDone(code?: FailureCode): void;
  /** Calls pass until their bodies add up to more than `bytes`; then nothing is done. */
  failsAfter(limit: { readonly bytes: number; readonly code?: FailureCode }): void;
  /** Of a read: bit `n` of the body, modulo its length, is another. */
  flipsBit(n: number): void;
  /** Of a read: only the first `bytes` are returned. */
  truncatesTo(bytes: number): void;
  /** This happens before the call begins, which waits for it. */
  does(act: () => unknown): void;
  /** The call begins when `until` resolves, or after so many milliseconds. */
  takes(until: Promise<unknown> | number): void;
}

type Effect =
  | { readonly kind: "fails"; readonly code: FailureCode }
  | { readonly kind: "fails-once-done"; readonly code: FailureCode }
  | { readonly kind: "fails-after"; readonly code: FailureCode; readonly bytesMax: number }
  | { readonly kind: "alters"; readonly alter: (body: Buffer) => Buffer }
  | { readonly kind: "does"; readonly act: () => unknown }
  | { readonly kind: "takes"; readonly until: Promise<unknown> | number };

interface Armed {
  readonly operation: StoreOperation;
  readonly part: string;
  readonly once: boolean;
  readonly effect: Effect;
  passedBytes: number;
}

export interface Call {
  readonly operation: StoreOperation;
  readonly key: string;
}

export function faulty(store: WholeStore): FaultyStore {
  return new FaultyStore(store);
}

export class FaultyStore implements WholeStore {
  readonly name: StoreName;
  /** Every call so far, in order, those that failed included. */
  readonly calls: Call[] = [];
  readonly #store: WholeStore;
  #faults: Armed[] = [];
  #hidden: string[] = [];
  #down = false;
  #watchers: (Call & { readonly seen: () => void })[] = [];

  constructor(store: WholeStore) {
    this.name = store.name;
    this.#store = store;
  }

  /** The next call whose key contains `part`. */
  next(operation: StoreOperation, part: string = ""): Fault {
    return this.#arm(operation, part, true);
  }

  every(operation: StoreOperation, part: string = ""): Fault {
    return this.#arm(operation, part, false);
  }

  /** Takes back all faults and hides nothing; a store that is down stays down. */
  heals(): void {
    this.#faults = [];
    this.#hidden = [];
  }

  isDown(): void {
    this.#down = true;
  }

  comesBack(): void {
    this.#down = false;
  }

  /** Objects under `prefix` are withheld: not listed, not found. */
  hides(prefix: string): void {
    this.#hidden.push(prefix);
  }

  /** Resolves when a call whose key contains `part` has begun: what tests await instead of sleeping. */
  async reaches(operation: StoreOperation, part: string = ""): Promise<void> {
    await new Promise<void>((seen) => {
      this.#watchers.push({ operation, key: part, seen });
    });
  }

  async stat(key: ObjectKey, wait: Waiting): Promise<ObjectStat | null> {
    return this.#go({ operation: "stat", key }, 0, wait, async () =>
      this.#hides(key) ? null : this.#store.stat(key, wait),
    );
  }

  async read(key: ObjectKey, options: ReadOptions, wait: Waiting): Promise<Buffer> {
    const alterations = this.#faults.filter(
      (fault) => fault.effect.kind === "alters" && fits(fault, "read", key),
    );
    const body = await this.#go({ operation: "read", key }, 0, wait, async () => {
      if (this.#hides(key)) throw new Failure("store/absent", `${key} is not in ${this.name}`);
      return this.#store.read(key, options, wait);
    });
    return alterations.reduce(
      (now, { effect }) => (effect.kind === "alters" ? effect.alter(now) : now),
      body,
    );
  }

  async *list(prefix: string, wait: Waiting, after?: ObjectKey): AsyncGenerator<ObjectStat> {
    await this.#go({ operation: "list", key: prefix }, 0, wait, async () => {});
    for await (const stat of this.#store.list(prefix, wait, after)) if (!this.#hides(stat.key)) yield stat;
  }

  async versions(key: ObjectKey, wait: Waiting): Promise<readonly ObjectVersion[]> {
    return this.#go({ operation: "versions", key }, 0, wait, async () =>
      this.#hides(key) ? [] : this.#store.versions(key, wait),
    );
  }

  async clock(wait: Waiting): Promise<Date> {
    return this.#go({ operation: "clock", key: "" }, 0, wait, async () => this.#store.clock(wait));
  }

  async create(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    return this.#go({ operation: "create", key }, body.length, wait, async () =>
      this.#store.create(key, body, options, wait),
    );
  }

  async mend(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    return this.#go({ operation: "mend", key }, body.length, wait, async () =>
      this.#store.mend(key, body, options, wait),
    );
  }

  async remove(key: ObjectKey, version: string | null, wait: Waiting): Promise<void> {
    return this.#go({ operation: "remove", key }, 0, wait, async () =>
      this.#store.remove(key, version, wait),
    );
  }

  async #go<T>(call: Call, bytes: number, wait: Waiting, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const faults = this.#faults.filter((fault) => fits(fault, call.operation, call.key));
    const used = new Set(faults.filter((fault) => fault.once && isDue(fault, bytes)));
    this.#faults = this.#faults.filter((fault) => !used.has(fault));
    this.#announce(call);
    for (const { effect } of faults) {
      if (effect.kind === "does") await effect.act();
      if (effect.kind !== "takes") continue;
      await (typeof effect.until === "number" ? pause(effect.until, wait) : orAbort(effect.until, wait));
    }
    if (this.#down) throw this.#failure("store/unreachable", call);
    for (const fault of faults) {
      if (fault.effect.kind === "fails") throw this.#failure(fault.effect.code, call);
      if (fault.effect.kind !== "fails-after") continue;
      if (isDue(fault, bytes)) throw this.#failure(fault.effect.code, call);
      fault.passedBytes += bytes;
    }
    const result = await work();
    for (const { effect } of faults) {
      if (effect.kind === "fails-once-done") throw this.#failure(effect.code, call);
    }
    return result;
  }

  #arm(operation: StoreOperation, part: string, once: boolean): Fault {
    const arm = (effect: Effect): void => {
      this.#faults.push({ operation, part, once, effect, passedBytes: 0 });
    };
    return {
      failsWith: (code) => arm({ kind: "fails", code }),
      failsOnceDone: (code = "store/unreachable") => arm({ kind: "fails-once-done", code }),
      failsAfter: ({ bytes, code = "store/unreachable" }) =>
        arm({ kind: "fails-after", code, bytesMax: bytes }),
      flipsBit: (n) => arm({ kind: "alters", alter: (body) => flipped(body, n) }),
      truncatesTo: (bytes) => arm({ kind: "alters", alter: (body) => body.subarray(0, bytes) }),
      does: (act) => arm({ kind: "does", act }),
      takes: (until) => arm({ kind: "takes", until }),
    };
  }

  #hides(key: string): boolean {
    return this.#hidden.some((prefix) => key.startsWith(prefix));
  }

  #announce(call: Call): void {
    const seen = this.#watchers.filter(
      (one) => one.operation === call.operation && call.key.includes(one.key),
    );
    this.#watchers = this.#watchers.filter((one) => !seen.includes(one));
    for (const one of seen) one.seen();
  }

  #failure(code: FailureCode, call: Call): Failure {
    return new Failure(code, `${call.operation} ${call.key} in ${this.name}, as the test wished`);
  }
}

function fits(fault: Armed, operation: StoreOperation, key: string): boolean {
  return fault.operation === operation && key.includes(fault.part);
}

function isDue(fault: Armed, bytes: number): boolean {
  return fault.effect.kind !== "fails-after" || fault.passedBytes + bytes > fault.effect.bytesMax;
}

function flipped(body: Buffer, n: number): Buffer {
  const altered = Buffer.from(body);
  const bit = altered.length === 0 ? 0 : n % (altered.length * 8);
  if (altered.length > 0) altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return altered;
}
