/** The private PostgreSQL that the challenge's tenants live on, and what is done to them there. */
import { join } from "node:path";
import type { ServerAddress } from "../base/server-address.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Desk } from "../desk/desk.ts";
import { startPrivateServer } from "../postgres/server/private-server.ts";
import { findPrograms } from "../postgres/server/programs.ts";
import { connect } from "../postgres/session/connect.ts";
import type { SampleTenant } from "./damage.ts";

/** What is done to tenants on a server. */
export interface Samples {
  /** Runs statements one by one, in one session, as the superuser; resolves with the rows of the last. */
  sql(database: string, statements: readonly string[], wait: Waiting): Promise<readonly object[]>;
  /** Roles, database and content of a tenant. */
  make(sample: SampleTenant, database: string, wait: Waiting): Promise<void>;
  /** A copy of the database `from`, which nobody may be connected to, with what no template hands on. */
  clone(sample: SampleTenant, from: string, database: string, wait: Waiting): Promise<void>;
  drop(database: string, wait: Waiting): Promise<void>;
}

export interface ChallengeSource extends Samples, AsyncDisposable {
  /** The folder of the programs it runs with. */
  readonly binFolder: string;
  /** Whether a server started here has a user of its own and no network, without which no tenant's event trigger is loaded. */
  readonly isWalledOff: boolean;
  /** Of one of its databases; secret. */
  url(database: string): string;
}

/** Starts it in a folder below `folder`; disposal ends and wipes it. */
export async function startSource(folder: string, desk: Desk, wait: Waiting): Promise<ChallengeSource> {
  const programs = await findPrograms(desk.binFolders, null, wait);
  const server = await startPrivateServer(
    {
      root: join(folder, "source"),
      binFolder: programs.folder,
      superuser: { kind: "named", name: "postgres" },
      runAs: await desk.scratchUser(),
      settings: { shared_buffers: "32MB" },
      chance: desk.machine.chance,
    },
    wait,
  );
  return {
    ...samplesOn(server.address),
    binFolder: programs.folder,
    isWalledOff: server.isolation.ownUser && server.isolation.noNetwork,
    url: (database) => urlOf({ ...server.address, database }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** `address` is of a superuser; any of its databases. */
export function samplesOn(address: ServerAddress): Samples {
  const sql: Samples["sql"] = async (database, statements, bound) => {
    const options = { ownSearchPath: true, startup: { client_min_messages: "error" } };
    await using session = await connect({ ...address, database }, "source", options, bound);
    let rows: readonly object[] = [];
    for (const statement of statements) rows = await session.query(statement);
    return rows;
  };
  const create = async (
    database: string,
    sample: SampleTenant,
    how: string,
    bound: Waiting,
  ): Promise<void> => {
    const owner = sample.owner === null ? "" : ` owner ${sample.owner}`;
    await sql("postgres", [`create database ${database}${owner} ${how}`], bound);
    await sql("postgres", sample.database(database), bound);
  };
  return {
    sql,
    make: async (sample, database, bound) => {
      await sql("postgres", sample.server, bound);
      await create(database, sample, sample.create, bound);
      await sql(database, sample.statements, bound);
    },
    clone: (sample, from, database, bound) => create(database, sample, `template ${from}`, bound),
    drop: async (database, bound) => {
      await sql("postgres", [`drop database if exists ${database} with (force)`], bound);
    },
  };
}

function urlOf({ host, port, user, password, database }: ServerAddress): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password ?? "")}`;
  return `postgres://${login}@${encodeURIComponent(host)}:${String(port)}/${encodeURIComponent(database)}`;
}
