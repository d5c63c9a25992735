/** A standby can be backed up, and what it does not have is listed as absent instead of read as empty. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf, textOf } from "../support/read-snapshot.ts";
import { caughtUp, startStandby } from "../support/standby-server.ts";

let primary: PrivateServer;
let standby: PrivateServer;

beforeAll(async () => {
  primary = await startTestServer({ wal_level: "replica" });
  standby = await startStandby(primary);
});

afterAll(async () => {
  await standby[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
});

describe("a backup of a standby", () => {
  it("has the rows replayed by then, the time and place of the last replayed transaction, and no unlogged rows", async () => {
    await createDatabase(primary, "replayed");
    await psql(
      primary,
      "replayed",
      `create table t (a int); insert into t values (1), (2); create unlogged table hot (a int); insert into hot values (1);
       create sequence s; select nextval('s'); create table large as select n from generate_series(1, 300000) n`,
    );
    const before = new Date(await psql(primary, "postgres", "select to_json(now()) #>> '{}'"));
    await caughtUp(primary, standby);
    const backup = await backupOf(standby, "replayed", { sliceBlocks: 200 });
    expect(textOf(backup, "public", "t")).toBe("1\n2\n");
    expect(backup.fingerprint.server.standby).toBe(true);
    expect(backup.fingerprint.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(new Date(backup.fingerprint.at).getTime()).toBeLessThanOrEqual(before.getTime() + 1000);
    expect(backup.fingerprint.tables.find((table) => table.name === "hot")).toMatchObject({
      rows: 0,
      slices: [],
      unlogged: true,
    });
    expect(backup.fingerprint.omitted).toContainEqual(
      expect.objectContaining({ kind: "rows of an unlogged table", name: "public.hot" }),
    );
    expect(backup.fingerprint.tables.find((table) => table.name === "large")?.rows).toBe(300_000);
  });
});
