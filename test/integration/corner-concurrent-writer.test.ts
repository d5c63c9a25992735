/** The concurrent writer really writes, does the same for the same seed, and its tables show whether they are of one moment. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { Chooser } from "../support/chooser.ts";
import { startWriter, writerDisagreements, writerSchema } from "../support/concurrent-writer.ts";
import { placeOf } from "../support/independent-place.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";

describe("the concurrent writer", () => {
  let server: PrivateServer;

  beforeAll(async () => {
    server = await startTestServer();
    await createDatabase(server, "busy");
    await createDatabase(server, "torn");
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it("writes, rewrites and truncates, and every moment agrees with itself", async () => {
    const place = placeOf(server, "busy");
    const writer = await startWriter(place, { seed: 7, rewrites: true });
    for (let looks = 0; looks < 5; looks += 1) {
      await writer.progress(20);
      expect(await writerDisagreements(place)).toEqual([]);
    }
    const written = await writer.stop();
    expect(written.transactions).toBeGreaterThan(100);
    expect(written.rows).toBeGreaterThan(1_000);
    expect(await writerDisagreements(place)).toEqual([]);
  });

  it("can be started again in the same database", async () => {
    await using writer = await startWriter(placeOf(server, "busy"), { seed: 8 });
    await writer.progress(3);
    expect(writer.written().transactions).toBeGreaterThan(2);
  });

  it("tells of tables that are not of one moment", async () => {
    const place = placeOf(server, "torn");
    await using writer = await startWriter(place, { seed: 1 });
    await writer.progress(10);
    await writer.stop();
    await psql(
      server,
      "torn",
      `update ${writerSchema}.booking set memo = memo || '?' where id = 1 or id = 2`,
    );
    expect(await writerDisagreements(place)).not.toEqual([]);
  });

  it("says what stopped it", async () => {
    const place = placeOf(server, "torn");
    const writer = await startWriter(place, { seed: 1 });
    await psql(
      server,
      "postgres",
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'torn' and pid <> pg_backend_pid()",
    );
    await expect(writer.progress(1_000_000)).rejects.toThrow("psql ended");
    await expect(writer.stop()).rejects.toThrow("psql ended");
  });

  it("chooses the same for the same seed", () => {
    const draw = (seed: number): number[] => {
      const chooser = new Chooser(seed);
      return Array.from({ length: 50 }, () => chooser.below(10));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(new Set(draw(5)).size).toBe(10);
  });
});
