/**
 * Scratch servers that are lent again and again. A verification has a server of its own; two hundred of them
 * one after another spend most of their time on starting it. What a load leaves behind in a server are
 * databases and roles: both go before the next one gets it.
 */
import type { Waiting } from "../base/waiting.ts";
import type { PrivateServerOptions } from "../postgres/server/private-server-options.ts";
import { type PrivateServer, startPrivateServer } from "../postgres/server/private-server.ts";
import { quoteIdent } from "../postgres/session/quote.ts";
import { connect } from "../postgres/session/connect.ts";

export interface ScratchLender extends AsyncDisposable {
  /** As `startPrivateServer`; disposing what it gives brings it back. */
  readonly startServer: typeof startPrivateServer;
}

export function scratchLender(): ScratchLender {
  const idle: PrivateServer[] = [];
  return {
    startServer: async (options: PrivateServerOptions, wait: Waiting) => {
      const fits = idle.findIndex(({ binFolder }) => binFolder === options.binFolder);
      const server = idle.splice(fits, fits === -1 ? 0 : 1)[0] ?? (await startPrivateServer(options, wait));
      return {
        ...server,
        [Symbol.asyncDispose]: async () => {
          if (await isClean(server, wait)) idle.push(server);
          else await server[Symbol.asyncDispose]();
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      // One that cannot be wiped leaves none of the others running.
      await using stack = new AsyncDisposableStack();
      for (const server of idle.splice(0)) stack.use(server);
    },
  };
}

/** False where it cannot be made clean: then it is of no more use to anybody. */
async function isClean({ address, lost }: PrivateServer, wait: Waiting): Promise<boolean> {
  if (lost.aborted) return false;
  try {
    await using session = await connect(address, "scratch", {}, wait);
    const databases = await session.query<{ name: string }>(
      "select datname as name from pg_catalog.pg_database where datname not in ('postgres', 'template0', 'template1')",
    );
    for (const { name } of databases) await session.query(`drop database ${quoteIdent(name)} with (force)`);
    const roles = await session.query<{ name: string }>(
      "select rolname as name from pg_catalog.pg_roles where rolname <> current_user and oid >= 16384",
    );
    if (roles.length > 0)
      await session.query(`drop role ${roles.map(({ name }) => quoteIdent(name)).join(", ")}`);
    return true;
  } catch {
    return false;
  }
}
