import { Client, type ClientConfig } from "pg";
import { sha256 } from "../base/digest.ts";
import { orAbort, stillWaiting, type Waiting } from "../base/waiting.ts";
import type { Claim, Claims } from "./catalog.ts";
import { asked } from "./failures.ts";

/** A lock is granted or refused at once, so a server that takes longer is not there. */
const answerLimitMs = 10_000;

/**
 * Claims as session locks of one connection of their own. When it breaks, the next claim makes a new one and
 * first takes again what is still held here, as far as nobody else has it by now. The connection is made
 * on the first claim.
 */
export function claimsOver(options: ClientConfig): Claims & AsyncDisposable {
  const locks = new Locks({
    ...options,
    statement_timeout: answerLimitMs,
    query_timeout: answerLimitMs + 5000,
  });
  return {
    tryTake: async (claim, wait) => {
      for (const key of keysOf(claim)) {
        if (await asked(`claim ${subjectOf(claim)}`, wait, () => locks.tryLock(key, wait)))
          return { [Symbol.asyncDispose]: () => locks.unlock(key) };
      }
      return null;
    },
    [Symbol.asyncDispose]: () => locks.close(),
  };
}

class Locks {
  readonly #options: ClientConfig;
  /** Taken in this process or about to be; the server would grant a session its own lock again. */
  readonly #reserved = new Set<string>();
  readonly #held = new Set<string>();
  #session: Promise<Client> | null = null;

  constructor(options: ClientConfig) {
    this.#options = options;
  }

  async tryLock(key: string, wait: Waiting): Promise<boolean> {
    stillWaiting(wait);
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

  async #lock(key: string): Promise<boolean> {
    try {
      const granted = await ask(await this.#open(), "pg_try_advisory_lock", key);
      if (granted) this.#held.add(key);
      else this.#reserved.delete(key);
      return granted;
    } catch (error) {
      this.#reserved.delete(key);
      throw error;
    }
  }

  /** Never throws: a lock of a connection that is gone is free already. */
  async unlock(key: string): Promise<void> {
    this.#held.delete(key);
    const session = await this.#session?.catch(() => null);
    if (session !== null && session !== undefined)
      await ask(session, "pg_advisory_unlock", key).catch(() => undefined);
    this.#reserved.delete(key);
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => null);
    await session?.end().catch(() => undefined);
  }

  #open(): Promise<Client> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  async #connect(): Promise<Client> {
    const client = new Client(this.#options);
    const forget = (): void => {
      this.#session = null;
    };
    client.on("error", forget);
    client.on("end", forget);
    try {
      await client.connect();
      // A server may end sessions that idle (14 and newer), which is all that this one does.
      await client.query(
        "select set_config(name, '0', false) from pg_catalog.pg_settings where name = 'idle_session_timeout'",
      );
      for (const key of this.#held) await ask(client, "pg_try_advisory_lock", key);
      return client;
    } catch (error) {
      forget();
      await client.end().catch(() => undefined);
      throw error;
    }
  }
}

async function ask(
  client: Client,
  what: "pg_try_advisory_lock" | "pg_advisory_unlock",
  key: string,
): Promise<boolean> {
  try {
    const { rows } = await client.query<{ done: boolean }>(`select pg_catalog.${what}($1::bigint) as done`, [
      key,
    ]);
    return rows[0]?.done === true;
  } catch (error) {
    // Whether the server did it is unknown; with the connection everything it holds is free.
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Keys of 64 bits; the first that is free is taken. */
function keysOf(claim: Claim): readonly string[] {
  switch (claim.kind) {
    case "tenant-write":
      return [hashed(["tenant-write", claim.tenant])];
    case "tenant-read":
      return [hashed(["tenant-read", claim.tenant, claim.store])];
    case "source":
      return Array.from({ length: claim.places }, (_, place) => hashed(["source", claim.source, place]));
  }
}

function hashed(name: readonly (string | number)[]): string {
  const digest = sha256(Buffer.from(JSON.stringify(["holdfast", ...name])));
  return BigInt.asIntN(64, BigInt(`0x${digest.slice(0, 16)}`)).toString();
}

function subjectOf(claim: Claim): string {
  return claim.kind === "source" ? `a place at source ${claim.source}` : `tenant ${claim.tenant}`;
}
