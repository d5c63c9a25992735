/** A catalog whose line went silent is left all the same: who closes it does not wait for a goodbye that nobody hears. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { ServerAddress } from "../../src/base/server-address.ts";
import { claimsOver } from "../../src/catalog/claims.ts";
import { connectionOptions } from "../../src/catalog/connection.ts";
import { tenantId } from "../../src/model/ids.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { testWait } from "../support/postgres-server.ts";
import { postgresAt, type Proxy, startProxy } from "../support/proxy.ts";
import { openTestQueue } from "../support/queue-fixture.ts";

const wait = testWait();
const write = { kind: "tenant-write", tenant: tenantId.parse("acme") } as const;
let catalogs: CatalogServer;

beforeAll(async () => {
  catalogs = await startCatalogServer();
});
afterAll(async () => {
  await catalogs[Symbol.asyncDispose]();
});

interface Place {
  readonly line: Proxy;
  readonly address: ServerAddress;
}

/** A catalog of its own over a line of its own, so that the limits of all tests run side by side. */
async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  await using line = await startProxy(postgresAt(catalogs.server));
  await work({ line, address: { ...(await catalogs.fresh()), host: line.host, port: line.port } });
}

/** Whatever is said from now on, and what would be answered, goes nowhere; nobody hangs up. */
function goSilent(line: Proxy): void {
  line.meets(/./s, { kind: "breaks", how: "silence" }, { times: Infinity });
}

describe.concurrent("over a line that went silent", () => {
  it("claims are left", ({ expect }) =>
    withPlace(async ({ line, address }) => {
      const claims = claimsOver(await connectionOptions(address));
      expect(await claims.tryTake(write, wait)).not.toBeNull();
      goSilent(line);
      await claims[Symbol.asyncDispose]();
    }));

  it("claims whose session is only being begun are left", ({ expect }) =>
    withPlace(async ({ line, address }) => {
      const claims = claimsOver(await connectionOptions(address));
      goSilent(line);
      const heard = line.hears(/./s);
      const taking = claims.tryTake(write, wait).catch((error: unknown) => error);
      await heard;
      await claims[Symbol.asyncDispose]();
      expect(await taking).toMatchObject({ code: "catalog/unreachable" });
    }));

  it("the catalog is left, with a question that nobody answered any more", ({ expect }) =>
    withPlace(async ({ line, address }) => {
      const catalog = await connectTo(address);
      goSilent(line);
      const heard = line.hears(/./s);
      const asking = new AbortController();
      const asked = catalog.now({ signal: asking.signal }).catch((error: unknown) => error);
      await heard;
      asking.abort();
      expect(await asked).toMatchObject({ code: "wait/cancelled" });
      await catalog[Symbol.asyncDispose]();
    }));

  it("the queue is left", ({ expect }) =>
    withPlace(async ({ line, address }) => {
      const queue = await openTestQueue({ ...catalogs.server, address }, { database: address.database });
      goSilent(line);
      await expect(Promise.resolve(queue[Symbol.asyncDispose]())).resolves.toBeUndefined();
    }));
});
