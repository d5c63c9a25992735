/** A prune of a real bucket that keeps versions: what is locked stays until it may go, and no older version outlives its object (trap 28). */
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type BackupId, objectKey, storeName } from "../../src/model/ids.ts";
import { recordKey } from "../../src/model/layout.ts";
import type { Shelf } from "../../src/repository/shelves.ts";
import { s3Store } from "../../src/stores/s3.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { buildHouse, described, emptyFingerprint, type House, never } from "../support/repository-fixture.ts";
import { dayMs, prove, pruneNow } from "../support/retention-fixture.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

let house: House;
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
  house = await buildHouse();
  // The bucket goes by the true time, and so must the host.
  house.clock.advance(Date.now() - house.clock.now().getTime());
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function bucket(context: TestContext): Promise<WholeStore> {
  context.skip(server.kind === "emulator", "the emulator keeps no versions");
  const { accessKeyId, secretAccessKey, region, endpoint } = server;
  const store = s3Store({
    name: storeName.parse("bucket"),
    bucket: await server.createBucket("holdfast-prune", { lock: true }),
    region,
    endpoint,
    pathStyle: true,
    accessKeyId,
    secretAccessKey,
    lock: "compliance",
  });
  await described(house, store);
  return store;
}

/** Backups of four, three and two days ago, as a standby that lags would give them; the last two are kept. */
async function threeBackups(store: WholeStore, lock: Shelf["lock"]): Promise<BackupId[]> {
  const made: BackupId[] = [];
  for (const days of [4, 3, 2]) {
    const at = new Date(house.clock.now().getTime() - days * dayMs);
    const fingerprint = emptyFingerprint(at);
    const { backup } = await house.backUp(
      [store],
      { rows: `${String(days)}\n` },
      {
        at,
        order: { shelves: [{ store, lock }] },
        fingerprint: { ...fingerprint, server: { ...fingerprint.server, standby: true } },
      },
    );
    await prove(house, [store], store, backup);
    made.push(backup);
  }
  return made;
}

describe("a bucket with versions", () => {
  it("gives no locked record up, and says which backups wait", async (context) => {
    const store = await bucket(context);
    const [oldest] = await threeBackups(store, { mode: "compliance", keepMs: 120_000 });
    if (oldest === undefined) throw new Error("three were made");
    const report = await pruneNow(house, [store]);
    expect(report).toMatchObject({ state: "pruned", removed: [], lockedBackups: [oldest] });
    expect(await store.stat(recordKey(house.tenant, oldest), never)).not.toBeNull();
    // A prune that knows of the locks does not even ask.
    const lockMs = new Map([[store.name, 120_000]]);
    expect(await pruneNow(house, [store], { lockMs })).toMatchObject({ lockedBackups: [], removed: [] });
  });

  it("gives a record up with all its versions", async (context) => {
    const store = await bucket(context);
    const [oldest] = await threeBackups(store, null);
    if (oldest === undefined) throw new Error("three were made");
    const key = objectKey.parse(recordKey(house.tenant, oldest));
    const body = await store.read(key, {}, never);
    await store.mend(key, body, {}, never);
    expect(await store.versions(key, never)).toHaveLength(2);
    expect((await pruneNow(house, [store])).removed.map(({ backup }) => backup)).toEqual([oldest]);
    expect(await store.versions(key, never)).toEqual([]);
    expect(await store.stat(key, never)).toBeNull();
  });
});
