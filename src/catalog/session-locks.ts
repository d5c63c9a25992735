import { Client, type ClientConfig } from "pg";
import { orAbort, pause, stillWaiting, type Waiting } from "../base/waiting.ts";
import { linesOf, type Lines } from "./lines.ts";

/** A lock is granted or refused at once, so a server that takes longer is not there. */
const answerLimitMs = 10_000;
const closeLimitMs = 2000;
const againAfterMsMin = 100;
const againAfterMsMax = 2000;

/**
 * Advisory locks of one session, which is begun with the first lock. When it breaks while locks are held, a new
 * one is begun at once, and takes them again as far as and as soon as nobody else has them: who holds
 * them here works on, and whoever comes to life with the server must not believe them free.
 */
export class SessionLocks implements AsyncDisposable {
  readonly #lines: Lines;
  readonly #closing = new AbortController();
  /** Taken in this process or about to be; the server would grant a session its own lock again. */
  readonly #reserved = new Set<string>();
  readonly #held = new Set<string>();
  #opening: Promise<Session> | null = null;
  #session: Session | null = null;
  #regaining: Promise<void> | null = null;

  constructor(options: ClientConfig) {
    this.#lines = linesOf({
      ...options,
      statement_timeout: answerLimitMs,
      query_timeout: answerLimitMs + 5000,
    });
  }

  /** Whether the lock was free. Throws what `pg` throws, and nothing is held then. */
  async tryLock(key: string, wait: Waiting): Promise<boolean> {
    stillWaiting(wait);
    stillWaiting(this.#closing);
    if (this.#reserved.has(key)) return false;
    this.#reserved.add(key);
    const locking = this.#lock(key);
    try {
      return await orAbort(locking, wait);
    } catch (error) {
      // Nobody will give back what comes after the wait has ended.
      void locking.then(async (granted) => (granted ? this.unlock(key) : undefined)).catch(() => undefined);
      throw error;
    }
  }

  /** Never throws: a lock of a session that is gone is free already. */
  async unlock(key: string): Promise<void> {
    this.#held.delete(key);
    // One that is only being begun has not asked for it, and will not.
    await this.#session?.unlock(key).catch(() => undefined);
    this.#reserved.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#lines.ended(this.#leave(), closeLimitMs);
  }

  async #leave(): Promise<void> {
    const session = await this.#opening?.catch(() => null);
    await session?.end();
    await this.#regaining;
  }

  async #lock(key: string): Promise<boolean> {
    try {
      const session = await this.#open();
      const granted = await session.tryLock(key);
      if (!granted) {
        this.#reserved.delete(key);
        return false;
      }
      this.#held.add(key);
      // The session may have broken in the moment between.
      this.#regain();
      return true;
    } catch (error) {
      this.#reserved.delete(key);
      throw error;
    }
  }

  #open(): Promise<Session> {
    if (this.#opening !== null) return this.#opening;
    const opening = Session.begin(this.#lines.options, () => {
      this.#opening = null;
      this.#session = null;
      this.#regain();
    });
    this.#opening = opening;
    return opening.then((session) => {
      if (this.#opening === opening) this.#session = session;
      return session;
    });
  }

  #regain(): void {
    if (this.#regaining !== null || this.#closing.signal.aborted || this.#hasAll()) return;
    this.#regaining = this.#regainAll().finally(() => {
      this.#regaining = null;
      this.#regain();
    });
  }

  async #regainAll(): Promise<void> {
    let againAfterMs = againAfterMsMin;
    while (!this.#closing.signal.aborted) {
      await this.#askForAll().catch(() => undefined);
      if (this.#hasAll()) return;
      await pause(againAfterMs, this.#closing).catch(() => undefined);
      againAfterMs = Math.min(againAfterMs * 2, againAfterMsMax);
    }
  }

  async #askForAll(): Promise<void> {
    const session = await this.#open();
    for (const key of this.#held) if (!session.locked.has(key)) await session.tryLock(key);
  }

  #hasAll(): boolean {
    return Array.from(this.#held).every((key) => this.#session?.locked.has(key) === true);
  }
}

class Session {
  /** As the server told; an answer that is on its way is not in it. */
  readonly locked = new Set<string>();
  /** Resolves once its connection has ended, whether or not the server hangs up; never rejects. */
  readonly end: () => Promise<void>;
  readonly #client: Client;

  private constructor(client: Client, end: () => Promise<void>) {
    this.#client = client;
    this.end = end;
  }

  /** `onEnd` is called once, as soon as the session cannot be used any more; also where this rejects. */
  static async begin(options: ClientConfig, onEnd: () => void): Promise<Session> {
    const line = linesOf(options);
    const client = new Client(line.options);
    let ended: Promise<void> | null = null;
    const end = (): Promise<void> => {
      if (ended !== null) return ended;
      ended = line.ended(client.end(), closeLimitMs);
      onEnd();
      return ended;
    };
    for (const sign of ["error", "end"] as const) client.on(sign, () => void end());
    try {
      await client.connect();
      // A server may end sessions that idle (14 and newer), which is all that this one does.
      await client.query(
        "select set_config(name, '0', false) from pg_catalog.pg_settings where name = 'idle_session_timeout'",
      );
      return new Session(client, end);
    } catch (error) {
      void end();
      throw error;
    }
  }

  async tryLock(key: string): Promise<boolean> {
    const granted = await this.#ask("pg_try_advisory_lock", key);
    if (granted) this.locked.add(key);
    return granted;
  }

  /** After whatever was asked before. */
  async unlock(key: string): Promise<void> {
    await this.#ask("pg_advisory_unlock", key);
    this.locked.delete(key);
  }

  async #ask(what: "pg_try_advisory_lock" | "pg_advisory_unlock", key: string): Promise<boolean> {
    try {
      const { rows } = await this.#client.query<{ done: boolean }>(
        `select pg_catalog.${what}($1::bigint) as done`,
        [key],
      );
      return rows[0]?.done === true;
    } catch (error) {
      // Whether the server did it is unknown; with the connection everything it holds is free.
      await this.end();
      throw error;
    }
  }
}
