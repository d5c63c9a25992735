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

  it("are taken again, and leave no lock behind, when the end crosses a question and nobody hangs up", async () => {
    await using proxy = await lastWordsKept();
    await using one = await claimant("one", {
      ...address,
      host: "127.0.0.1",
      port: proxy.port,
      sslmode: "disable",
    });
    await using other = await claimant("other");
    const held = await one.tryTake(read, wait);
    await cut("one");
    await proxy.ended();
    await expect(one.tryTake(write, wait)).rejects.toMatchObject({ code: "catalog/unreachable" });
    await until("the lock again", async () => (await locksOf("one")) === "1");
    const also = await one.tryTake(write, wait);
    expect(await other.tryTake(write, wait)).toBeNull();
    await held?.[Symbol.asyncDispose]();
    await also?.[Symbol.asyncDispose]();
    expect(await locksOf("one")).toBe("0");
    expect(await psql(catalogs.server, address.database, sessionsOf("one"))).toBe("1");
  });
});

const sessionsOf = (name: string): string =>
  `select count(*) from pg_stat_activity where application_name = '${name}'`;

interface LastWordsKept extends AsyncDisposable {
  readonly port: number;
  /** Resolves once the server has ended the first connection, of which the client knows nothing. */
  ended(): Promise<void>;
}

/**
 * Passes every byte on, but of its first connection the server's last words only when the client says more, and the
 * server's end never: as when a server ends a session while a question is on its way, and the line falls silent.
 */
async function lastWordsKept(): Promise<LastWordsKept> {
  const sockets: Socket[] = [];
  const ended = Promise.withResolvers<void>();
  const proxy = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: `${address.host}/.s.PGSQL.${String(address.port)}` });
    const isFirst = sockets.length === 0;
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    if (!isFirst) {
      near.pipe(far).pipe(near);
      return;
    }
    const kept: Buffer[] = [];
    near.on("data", (asked: Buffer) => {
      if (kept.length === 0) far.write(asked);
      for (const words of kept.splice(0)) near.write(words);
    });
    far.on("data", (words: Buffer) => (isLast(words) ? kept.push(words) : near.write(words)));
    far.on("close", () => ended.resolve());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const at = proxy.address();
  return {
    port: typeof at === "object" && at !== null ? at.port : 0,
    ended: () => ended.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await Promise.resolve();
    },
  };
}

const isLast = (words: Buffer): boolean => words.includes("57P01");
