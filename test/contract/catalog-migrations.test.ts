/** An older catalog is migrated by who is to, and left as it is by who only came by. */
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CatalogSchema, migrate } from "../../src/catalog/migrate.ts";
import { up } from "../../src/catalog/migrations/0001-catalog.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { psql, testWait } from "../support/postgres-server.ts";

let catalogs: CatalogServer;
beforeAll(async () => {
  catalogs = await startCatalogServer();
});
afterAll(async () => {
  await catalogs[Symbol.asyncDispose]();
});

/** What a later version of the program brings. */
function later(worksFrom: string): CatalogSchema {
  const second = {
    up: (db: Kysely<unknown>) => sql`create table holdfast.second ()`.execute(db).then(() => undefined),
  };
  return { migrations: { "0001-catalog": { up }, "0002-second": second }, worksFrom };
}

async function atVersionOne() {
  const address = await catalogs.fresh();
  await using _ = await connectTo(address);
  const { host, port, user, database, password } = address;
  const pool = new Pool({ host, port, user, database, ...(password === null ? {} : { password }) });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    address,
    applied: () =>
      psql(catalogs.server, database, "select string_agg(name, ' ' order by name) from holdfast.migration"),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

describe("an older catalog", () => {
  it("is taken as it is by a command of a newer version that can work with it", async () => {
    await using old = await atVersionOne();
    await migrate(old.db, "take", later("0001-catalog"));
    expect(await old.applied()).toBe("0001-catalog");
    await using stillUsed = await connectTo(old.address);
    expect(await stillUsed.slots.watermark(testWait())).toBeNull();
  });

  it("is refused, unchanged, by a command that cannot work with it", async () => {
    await using old = await atVersionOne();
    await expect(migrate(old.db, "take", later("0002-second"))).rejects.toMatchObject({
      code: "catalog/older",
    });
    expect(await old.applied()).toBe("0001-catalog");
  });

  it("is migrated by who is to, after which it suits every command", async () => {
    await using old = await atVersionOne();
    await migrate(old.db, "migrate", later("0002-second"));
    expect(await old.applied()).toBe("0001-catalog 0002-second");
    await migrate(old.db, "take", later("0002-second"));
  });

  it("takes the terms of an older daemon still after a newer one has added to them", async () => {
    await using old = await atVersionOne();
    await using catalog = await connectTo(old.address);
    const asks = {
      recoveryPointMs: 1,
      recoveryTimeMs: 2,
      proveWithinMs: 3,
      proveAgainMs: null,
      scrubWithinMs: 4,
    };
    const acme = {
      tenant: tenantId.parse("acme"),
      stores: [storeName.parse("one")],
      expectedIntervalMs: null,
    };
    const terms = (quorum: number) => [{ ...acme, ...asks, quorum, copiesRequired: 2 }];
    await catalog.index.setTenants(terms(1), testWait());
    const { database } = old.address;
    await psql(catalogs.server, database, "alter table holdfast.terms add column later text default 'newer'");
    for (const quorum of [2, 2]) await catalog.index.setTenants(terms(quorum), testWait());
    expect(
      await psql(catalogs.server, database, "select quorum, scrub_within_ms, later from holdfast.terms"),
    ).toBe("2|4|newer");
    expect(
      await psql(catalogs.server, database, "select digest is not null from holdfast.terms_digest"),
    ).toBe("t");
  });

  it("that is none yet is made whoever comes first", async () => {
    const address = await catalogs.fresh();
    await using catalog = await connectTo(address);
    expect(await catalog.choices.all(testWait())).toEqual(new Map());
  });
});
