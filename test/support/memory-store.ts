/**
 * A store in memory that passes the contract suite, for tests that ask about something else.
 * `overwrite` and `lose` do what no honest store does; tests of damage need them.
 */
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { sha256 } from "../../src/base/digest.ts";
import { Failure } from "../../src/base/failure.ts";
import { stillWaiting, type Waiting } from "../../src/base/waiting.ts";
import { objectKey, type ObjectKey, type StoreName, storeName } from "../../src/model/ids.ts";
import type {
  CreateOptions,
  LockWish,
  ObjectStat,
  ObjectVersion,
  ReadOptions,
  WholeStore,
} from "../../src/stores/store.ts";

interface Held {
  readonly body: Buffer;
  readonly modifiedAt: Date;
  readonly lock: LockWish | null;
}

const readBytesMax = 64 * 1024 * 1024;

export function memoryStore(name: string = "memory", clock: Clock = systemClock): MemoryStore {
  return new MemoryStore(storeName.parse(name), clock);
}

export class MemoryStore implements WholeStore {
  readonly name: StoreName;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(name: StoreName, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** Every key, sorted. */
  keys(): ObjectKey[] {
    return Array.from(this.#held.keys(), (key) => objectKey.parse(key)).toSorted();
  }

  /** The bytes under a key; throws when there are none. */
  bodyOf(key: string): Buffer {
    return Buffer.from(this.#find(key).body);
  }

  /** Puts other bytes under a key, taken or not, whatever the lock. */
  overwrite(key: string, body: Uint8Array): void {
    this.#held.set(key, { body: Buffer.from(body), modifiedAt: this.#clock.now(), lock: null });
  }

  /** Drops an object, whatever the lock. */
  lose(key: string): void {
    this.#held.delete(key);
  }

  /** As it was asked for when the object came; null without one. */
  lockOf(key: string): LockWish | null {
    return this.#find(key).lock;
  }

  /** An independent store with the same objects. */
  copy(name: string = this.name): MemoryStore {
    const twin = memoryStore(name, this.#clock);
    for (const [key, held] of this.#held) twin.#held.set(key, held);
    return twin;
  }

  async stat(key: ObjectKey, wait: Waiting): Promise<ObjectStat | null> {
    stillWaiting(wait);
    const held = this.#held.get(key);
    return held === undefined ? null : statOf(key, held);
  }

  async read(key: ObjectKey, options: ReadOptions, wait: Waiting): Promise<Buffer> {
    stillWaiting(wait);
    const { body } = this.#find(key);
    const part = options.range === undefined ? body : body.subarray(options.range.from, options.range.to);
    if (part.length > (options.bytesMax ?? readBytesMax)) {
      throw new Failure("store/corrupt", `${key} in ${this.name} is larger than it may be`);
    }
    return Buffer.from(part);
  }

  async *list(prefix: string, wait: Waiting, after: string = ""): AsyncGenerator<ObjectStat> {
    for (const key of this.keys()) {
      stillWaiting(wait);
      const held = this.#held.get(key);
      if (held !== undefined && key.startsWith(prefix) && key > after) yield statOf(key, held);
    }
  }

  async versions(key: ObjectKey, wait: Waiting): Promise<readonly ObjectVersion[]> {
    stillWaiting(wait);
    const held = this.#held.get(key);
    return held === undefined ? [] : [{ ...statOf(key, held), version: "null", current: true }];
  }

  async clock(wait: Waiting): Promise<Date> {
    stillWaiting(wait);
    return this.#clock.now();
  }

  async create(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    stillWaiting(wait);
    if (options.sha256 !== undefined && options.sha256 !== sha256(body)) {
      throw new Failure("store/corrupt", `${key} did not reach ${this.name} as it was sent`);
    }
    if (this.#held.has(key)) throw new Failure("store/exists", `${key} is taken in ${this.name}`);
    this.#held.set(key, {
      body: Buffer.from(body),
      modifiedAt: this.#clock.now(),
      lock: options.lock ?? null,
    });
  }

  async mend(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    stillWaiting(wait);
    if (options.sha256 !== undefined && options.sha256 !== sha256(body)) {
      throw new Failure("store/corrupt", `${key} did not reach ${this.name} as it was sent`);
    }
    this.#held.set(key, {
      body: Buffer.from(body),
      modifiedAt: this.#clock.now(),
      lock: options.lock ?? this.#held.get(key)?.lock ?? null,
    });
  }

  async remove(key: ObjectKey, _version: string | null, wait: Waiting): Promise<void> {
    stillWaiting(wait);
    const lock = this.#held.get(key)?.lock ?? null;
    if (lock !== null && lock.until > this.#clock.now()) {
      throw new Failure(
        "store/refused",
        `${key} in ${this.name} is locked until ${lock.until.toISOString()}`,
      );
    }
    this.#held.delete(key);
  }

  #find(key: string): Held {
    const held = this.#held.get(key);
    if (held === undefined) throw new Failure("store/absent", `${key} is not in ${this.name}`);
    return held;
  }
}

function statOf(key: ObjectKey, held: Held): ObjectStat {
  return { key, bytes: held.body.length, modifiedAt: held.modifiedAt };
}
