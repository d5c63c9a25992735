/** Folders, buckets and buckets that lock are scrubbed, healed and filled alike; what is locked is healed as a new version (traps 22, 28). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { randomBase32, systemChance } from "../../src/base/chance.ts";
import { isFailure } from "../../src/base/failure.ts";
import { type BackupId, objectKey, storeName } from "../../src/model/ids.ts";
import { heal } from "../../src/replication/heal.ts";
import type { MendingShelf } from "../../src/replication/ground.ts";
import { replicate } from "../../src/replication/replicate.ts";
import type { ScrubReport } from "../../src/scrub/report.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import { s3Store } from "../../src/stores/s3.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { deskOf, mending, oneOfEach, scrubIn } from "../support/replication-fixture.ts";
import { buildHouse, type House, never, readAll, rows } from "../support/repository-fixture.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

const day = 86_400_000;
const table = rows(41, 1_200_000);

let house: House;
let server: S3Server;
let folder: string;
let client: S3Client;
/** Whole, beside the store on trial. */
let dubai: MemoryStore;

beforeAll(async () => {
  house = await buildHouse();
  // Folders and servers live in the time of this machine.
  house.clock.advance(Date.now() - house.clock.now().getTime());
  server = await startS3Server();
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  folder = await mkdtemp(join(tmpdir(), "holdfast-heal-"));
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  readonly store: WholeStore;
  readonly lock: MendingShelf["lock"];
  /** As whoever may write to the store would. */
  readonly lose: (key: string) => Promise<void>;
}

async function openFolder(): Promise<Place> {
  const path = await mkdtemp(join(folder, "store-"));
  const lose = (key: string): Promise<void> => rm(join(path, key));
  return { store: directoryStore({ name: storeName.parse("frankfurt"), path }), lock: null, lose };
}

async function openBucket(locks: boolean): Promise<Place> {
  const bucket = await server.createBucket("holdfast-heal", { lock: locks });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const address = { bucket, endpoint, region, accessKeyId, secretAccessKey, pathStyle: true };
  const prefix = `heal-${randomBase32(systemChance, 8)}`;
  const lock = locks ? ({ lock: "governance" } as const) : {};
  const store = s3Store({ name: storeName.parse("frankfurt"), ...address, prefix, ...lock });
  const lose = async (key: string): Promise<void> => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}` }));
  };
  return { store, lock: locks ? { mode: "governance", keepMs: 10 * day } : null, lose };
}

function shelves({ store, lock }: Place): readonly MendingShelf[] {
  return mending(dubai, store).map((shelf) => ({ ...shelf, lock }));
}

async function backUp(place: Place): Promise<BackupId> {
  const order = { shelves: shelves(place) };
  return (await house.backUp([], { rows: table }, { order })).backup;
}

async function scrubbed({ store }: Place): Promise<ScrubReport> {
  return scrubIn(house, store.name, [dubai, store]);
}

async function harm({ store }: Place, key: string, alter: (body: Buffer) => Buffer): Promise<void> {
  const at = objectKey.parse(key);
  await store.mend(at, alter(await store.read(at, {}, never)), {}, never);
}

function flipped(body: Buffer): Buffer {
  body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1);
  return body;
}

beforeEach(() => {
  dubai = memoryStore("dubai", house.clock);
});

const places = {
  "a folder": { open: openFolder, needsReal: false },
  "a bucket": { open: () => openBucket(false), needsReal: true },
  "a bucket that locks": { open: () => openBucket(true), needsReal: true },
} as const;

describe.each(Object.entries(places))("%s", (_name, { open, needsReal }) => {
  const skipEmulated = (context: TestContext): void =>
    context.skip(needsReal && server.kind === "emulator", "the emulator does not do this");

  it("with one object of every kind damaged is found so, healed, and opens alone", async (context) => {
    skipEmulated(context);
    const place = await open();
    const backup = await backUp(place);
    const each = oneOfEach(dubai, backup);
    const altered = [each["chunk"], each["manifest"], each["record"], each["key identity"]].map(String);
    const lost = [each["inventory"], each["key statement"]].map(String);
    await harm(place, altered[0] ?? "", flipped);
    await harm(place, altered[1] ?? "", (body) => body.subarray(0, 30));
    await harm(place, altered[2] ?? "", () => Buffer.from("somebody else's"));
    await harm(place, altered[3] ?? "", flipped);
    for (const key of lost) await place.lose(key);
    const found = await scrubbed(place);
    // A record that lies under garbage is seen where versions are kept, and then so is what it names.
    expect(found.damagedKeys).toEqual(expect.arrayContaining([altered[2]]));
    const order = { tenant: house.tenant, store: place.store.name, menders: shelves(place) };
    const report = await heal(order, deskOf(house), () => undefined, never);
    expect(report.unhealed).toEqual([]);
    expect(report.healed).toBe(altered.length + lost.length);
    expect(await scrubbed(place)).toMatchObject({ damaged: 0, missing: 0 });
    const copy = await house.open([place.store], backup);
    expect((await readAll(copy, "rows")).toString()).toBe(table);
  });

  it("that is empty is filled, and what is put there is locked as the backup was", async (context) => {
    skipEmulated(context);
    const place = await open();
    const backup = (
      await house.backUp([], { rows: table }, { order: { shelves: [...shelves(place)].slice(0, 1) } })
    ).backup;
    const report = await replicate(house.tenant, shelves(place), deskOf(house), () => undefined, never);
    expect(report.copies).toMatchObject([{ backup, result: "copied" }]);
    expect(await scrubbed(place)).toMatchObject({ damaged: 0, missing: 0 });
    const copy = await house.open([place.store], backup);
    expect((await readAll(copy, "rows")).toString()).toBe(table);
    const removed = place.store.remove(objectKey.parse(oneOfEach(dubai, backup)["record"]), null, never);
    const refusal = await removed.then(
      () => null,
      (error: unknown) => isFailure(error) && error.code,
    );
    expect(refusal).toBe(place.lock === null ? null : "store/refused");
  });
});

describe("a bucket that keeps versions", () => {
  it("has a locked object healed from its own older version when no other store has it, and the new one is locked", async (context) => {
    context.skip(server.kind === "emulator", "the emulator does not do this");
    const place = await openBucket(true);
    const backup = await backUp(place);
    const chunk = objectKey.parse(oneOfEach(dubai, backup)["chunk"]);
    await harm(place, chunk, flipped);
    dubai.lose(chunk);
    expect(await scrubbed(place)).toMatchObject({ damaged: 1 });
    const order = { tenant: house.tenant, store: place.store.name, menders: shelves(place) };
    const report = await heal(order, deskOf(house), () => undefined, never);
    expect(report).toMatchObject({ healed: 1, unhealed: [] });
    const versions = await place.store.versions(chunk, never);
    expect(versions).toHaveLength(3);
    const current = versions.find((one) => one.current);
    await expect(place.store.remove(chunk, current?.version ?? null, never)).rejects.toMatchObject({
      code: "store/refused",
    });
  });
});
