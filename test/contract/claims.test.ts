/** Claims outlive the session that holds them: what is held is taken again, and nothing is held that nobody asked for. */
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServerAddress } from "../../src/base/server-address.ts";
import { claimsOver } from "../../src/catalog/claims.ts";
import { connectionOptions } from "../../src/catalog/connection.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import { type CatalogServer, startCatalogServer } from "../support/catalog-server.ts";
import { psql, testWait } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";

const wait = testWait();
const acme = tenantId.parse("acme");
const write = { kind: "tenant-write", tenant: acme } as const;
const read = { kind: "tenant-read", tenant: acme, store: storeName.parse("one") } as const;

let catalogs: CatalogServer;
let address: ServerAddress;

beforeAll(async () => {
  catalogs = await startCatalogServer();
  address = await catalogs.fresh();
});
afterAll(async () => {
  await catalogs[Symbol.asyncDispose]();
});

async function claimant(name: string, where = address): Promise<ReturnType<typeof claimsOver>> {
  return claimsOver({ ...(await connectionOptions(where)), application_name: name });
}

const cut = (name: string): Promise<string> =>
  psql(
    catalogs.server,
    address.database,
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '${name}'`,
  );

const locksOf = (name: string): Promise<string> =>
  psql(
    catalogs.server,
    address.database,
    `select count(*) from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and application_name = '${name}'`,
  );

describe("claims whose session breaks", () => {
  it("are taken again at once, although their holder asks for nothing", async () => {
    await using one = await claimant("one");
    await using other = await claimant("other");
    const held = await one.tryTake(write, wait);
    await using _also = await one.tryTake(read, wait);
    for (const _ of [1, 2]) {
      await cut("one");
      await until("both locks again", async () => (await locksOf("one")) === "2");
    }
    expect(await other.tryTake(write, wait)).toBeNull();
    await held?.[Symbol.asyncDispose]();
    await using taken = await other.tryTake(write, wait);
    expect(taken).not.toBeNull();
  });

  it("and were taken by somebody else meanwhile come back to their holder once they are free", async () => {
    await using one = await claimant("one");
    await using other = await claimant("other");
    await (await other.tryTake(read, wait))?.[Symbol.asyncDispose]();
    await using _held = await one.tryTake(write, wait);
    const admit = (whether: boolean): Promise<string> =>
      psql(
        catalogs.server,
        "postgres",
        `alter database "${address.database}" allow_connections ${String(whether)}`,
      );
    await admit(false);
    await psql(
      catalogs.server,
      "postgres",
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'one'",
    );
    const taken = await other.tryTake(write, wait);
    await admit(true);
    expect(taken).not.toBeNull();
    await taken?.[Symbol.asyncDispose]();
    await until("the lock again", async () => (await locksOf("one")) === "1");
  });

  it("leave no lock behind when the end of the old session shows after a new one was begun", async () => {
    await using proxy = await lateEnds();
    await using one = await claimant("one", {
      ...address,
      host: "127.0.0.1",
      port: proxy.port,
      sslmode: "disable",
    });
    await using other = await claimant("other");
    await (await one.tryTake(read, wait))?.[Symbol.asyncDispose]();
    await cut("one");
    await proxy.ended();
    const held = await one.tryTake(write, wait);
    expect(held).not.toBeNull();
    await proxy.tell();
    await held?.[Symbol.asyncDispose]();
    await using taken = await other.tryTake(write, wait);
    expect(taken).not.toBeNull();
    expect(await psql(catalogs.server, address.database, sessionsOf("one"))).toBe("1");
  });
});

const sessionsOf = (name: string): string =>
  `select count(*) from pg_stat_activity where application_name = '${name}'`;

interface LateEnds extends AsyncDisposable {
  readonly port: number;
  /** Resolves once the server has ended a connection, of which the client knows the last words only. */
  ended(): Promise<void>;
  /** Lets the client see it too. */
  tell(): Promise<void>;
}

/** Passes every byte on, and the end of its first connection only when told to. */
async function lateEnds(): Promise<LateEnds> {
  const sockets: Socket[] = [];
  const ended = Promise.withResolvers<Socket>();
  const proxy = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: `${address.host}/.s.PGSQL.${String(address.port)}` });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.pipe(far);
    far.pipe(near, { end: sockets.length > 2 });
    // A connection that the client writes to after the server has left ends with an error in place of an end.
    for (const over of ["end", "close"]) far.once(over, () => ended.resolve(near));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const at = proxy.address();
  return {
    port: typeof at === "object" && at !== null ? at.port : 0,
    ended: () => ended.promise.then(() => undefined),
    tell: async () => {
      const near = await ended.promise;
      const closed = once(near, "close");
      // What the client still writes goes nowhere: to pipe it into what is closed would stop the reading, and with it the end.
      near.unpipe();
      near.end();
      near.resume();
      if (!near.destroyed) await closed;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await Promise.resolve();
    },
  };
}
