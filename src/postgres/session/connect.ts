import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Client, type ClientConfig } from "pg";
import { connectTimeoutMsOf } from "./address.ts";
import { abortFailure, stillWaiting, type Waiting } from "../../base/waiting.ts";
import { copyIn, GivenSourceError } from "./copy-in.ts";
import { copiesOut, type CopyLine, copyOut } from "./copy-out.ts";
import type { CopiedPart } from "./copy-parts.ts";
import { ConnectingError, postgresFailure, sqlStateOf } from "./errors.ts";
import {
  lacksTls,
  mayDoWithoutTls,
  type ServerAddress,
  sslModeOf,
  tlsOf,
} from "../../base/server-address.ts";
import { Life } from "./life.ts";
import { limitMessages } from "./limit-messages.ts";
import { type Served, takePulse } from "./pulse.ts";
import type { CopyOut, Session, Side } from "./session.ts";
import { type Pulse, type SilenceLimits, silenceLimitsOf } from "./silence.ts";
import { laterSettings, startupOptions, startupOptionsOfTenant } from "./startup.ts";
import { Wire } from "./wire.ts";

export interface ConnectOptions {
  /** Shown in pg_stat_activity; default `holdfast`. */
  readonly applicationName?: string;
  /** Settings from the first moment on, above those that the database or the role has, and above ours (`startupOptions`). */
  readonly startup?: Readonly<Record<string, string>>;
  /** Whether names are looked up by the database's own search_path; only for logins without any right that matters. */
  readonly ownSearchPath?: boolean;
  /** No event trigger of a tenant fires on login, where the server (17 and newer) and the role's rights allow that. */
  readonly withoutEventTriggers?: boolean;
  /** Of the server, where another session has asked already; else it is asked. */
  readonly versionNum?: number;
  /** Default: as long as the address lets a connection be silent, at least 5 and at most 30 seconds. */
  readonly connectTimeoutMs?: number;
  /** When a connection on which nothing moves is looked after; null: never. Default: as the address says. */
  readonly silence?: SilenceLimits | null;
}

/**
 * Opens a session. `wait` covers its whole life: when it ends, the connection is cut and whatever ran
 * on it fails as the wait does. Values come as `pg` parses them: bigint and numeric as text, `name[]`
 * not at all (cast it to text[]). One statement runs at a time; later calls queue behind it.
 */
export async function connect(
  address: ServerAddress,
  side: Side,
  options: ConnectOptions,
  wait: Waiting,
): Promise<Session> {
  stillWaiting(wait);
  // Its release is not known before the session stands; one that lacks a setting, or a role that may not set
  // it, is refused at once and asked again with fewer.
  const wishes = [...(maySleep(options) ? [withoutEventTriggers] : []), newest];
  for (const wish of wishes) {
    try {
      return await connectWith(address, side, { ...options, startup: { ...wish, ...options.startup } }, wait);
    } catch (error) {
      const sqlState = sqlStateOf(error);
      if (sqlState !== unknownSetting && sqlState !== forbidden) throw error;
    }
  }
  return connectWith(address, side, options, wait);
}

/** A server that is known not to know the setting is not asked: each refusal costs a process of its, and a login. */
function maySleep({ withoutEventTriggers: isWished, versionNum = Infinity }: ConnectOptions): boolean {
  return isWished === true && versionNum >= eventTriggersSleepSince;
}

const eventTriggersSleepSince = 170_000;

const newest = laterSettings(Infinity);
const withoutEventTriggers = { ...newest, event_triggers: "off" };
const unknownSetting = "42704";
const forbidden = "42501";

async function connectWith(
  address: ServerAddress,
  side: Side,
  options: ConnectOptions,
  wait: Waiting,
): Promise<Session> {
  const sslmode = sslModeOf(address);
  if (!mayDoWithoutTls(sslmode))
    return open({ address, side, ssl: await tlsOf(address, sslmode, "the URL") }, options, wait);
  // As libpq does: encrypted where the server can, in the clear where it cannot.
  try {
    return await open({ address, side, ssl: { rejectUnauthorized: false } }, options, wait);
  } catch (error) {
    if (!lacksTls(error)) throw error;
    return open({ address, side, ssl: false }, options, wait);
  }
}

/** Where to, and how it is encrypted. */
interface Route {
  readonly address: ServerAddress;
  readonly side: Side;
  readonly ssl: ConnectionOptions | false;
}

async function open(route: Route, options: ConnectOptions, wait: Waiting): Promise<Session> {
  const { address, side, ssl } = route;
  const wire = new Wire(ssl !== false);
  const client = new Client(configOf(route, options, wire.socket));
  const ask = async (pulseWait: Waiting): Promise<Pulse> =>
    takePulse(pidOf(client), () => openPulse(route, options, pulseWait));
  const limits = options.silence === undefined ? silenceLimitsOf(address) : options.silence;
  const life = new Life({ client, wire }, limits === null ? null : { limits, ask }, wait);
  try {
    limitMessages(client, life, side);
    await client.connect();
    const versionNum = options.versionNum ?? (await life.awaits(() => versionOf(client)));
    return new PgSession(side, versionNum, client, life);
  } catch (error) {
    await life.end();
    if (wait.signal.aborted) throw abortFailure(wait.signal);
    const where = `connect to ${address.host}:${String(address.port)} database ${address.database} as ${address.user}`;
    const why = life.dead ?? error;
    const isSilent = why instanceof Error && !("code" in why);
    throw postgresFailure(side, where, isSilent ? new ConnectingError(why.message, { cause: why }) : why);
  }
}

/** A session of the same login, to ask what another one of it does. */
async function openPulse(route: Route, { startup }: ConnectOptions, wait: Waiting): Promise<Served> {
  const wire = new Wire(route.ssl !== false);
  const options: ConnectOptions = {
    applicationName: "holdfast pulse",
    silence: null,
    ...(startup === undefined ? {} : { startup }),
  };
  const client = new Client(configOf(route, options, wire.socket));
  const life = new Life({ client, wire }, null, wait);
  try {
    limitMessages(client, life, route.side);
    await client.connect();
    return { session: new PgSession(route.side, 0, client, life), pid: pidOf(client) };
  } catch (error) {
    await life.end();
    if (wait.signal.aborted) throw abortFailure(wait.signal);
    throw postgresFailure(route.side, "ask whether the server answers", life.dead ?? error);
  }
}

/** What the server told at the start. */
function pidOf(client: Client): number | null {
  const pid: unknown = Reflect.get(client, "processID");
  return typeof pid === "number" ? pid : null;
}

async function versionOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version",
  );
  return rows[0]?.version ?? 0;
}

function configOf({ address, ssl }: Route, options: ConnectOptions, socket: Socket): ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    ...(address.password === null ? {} : { password: address.password }),
    ssl,
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    client_encoding: "UTF8",
    application_name: options.applicationName ?? "holdfast",
    options:
      options.ownSearchPath === true
        ? startupOptionsOfTenant(options.startup)
        : startupOptions(options.startup),
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMsOf(address),
  };
}

class PgSession implements Session {
  readonly side: Side;
  readonly versionNum: number;
  readonly #client: Client;
  readonly #life: Life;
  /** The end of the last statement given to the connection. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(side: Side, versionNum: number, client: Client, life: Life) {
    this.side = side;
    this.versionNum = versionNum;
    this.#client = client;
    this.#life = life;
  }

  async query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    const done = await this.#turn(
      () => text,
      () =>
        values === undefined ? this.#client.query<Row>(text) : this.#client.query<Row>(text, [...values]),
    );
    // Several statements in one text give a list of results, of which the last one counts.
    const last = Array.isArray(done) ? (done as (typeof done)[]).at(-1) : done;
    return last?.rows ?? [];
  }

  copyOut(statement: string): CopyOut {
    return copyOut(this.copiesOut([statement]));
  }

  copiesOut(statements: readonly string[]): AsyncIterable<CopiedPart> {
    const { wire, cut } = this.#life;
    const turn: CopyLine["turn"] = (statement, work) => this.#turn(statement, work);
    return this.#life.taken(copiesOut({ client: this.#client, wire, turn, cut }, statements));
  }

  async copyIn(statement: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#turn(
      () => statement,
      () => copyIn(this.#client, statement, this.#life.given(source)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life.end();
  }

  /** `statement`: the one that a failure is of. */
  async #turn<T>(statement: () => string, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const turn = (async () => {
      await before.catch(() => undefined);
      stillWaiting(this.#life.wait);
      return this.#life.awaits(work);
    })();
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      if (error instanceof GivenSourceError) throw error.cause;
      if (this.#life.wait.signal.aborted) throw abortFailure(this.#life.wait.signal);
      throw postgresFailure(this.side, headOf(statement()), this.#life.dead ?? error);
    }
  }
}

/** Enough of a statement to know it by; our statements carry names but no rows. */
function headOf(statement: string): string {
  const line = statement.trim().replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
