/** The examination of a store passes good ones, and names what is wrong with each kind of bad one. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectLockConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { storeName } from "../../src/model/ids.ts";
import type { AnyStore } from "../../src/stores/around.ts";
import type { BucketSettings, LifecycleDeed } from "../../src/stores/bucket.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import { examineStore, type StoreExamination } from "../../src/stores/examine.ts";
import { s3Store, type S3Settings } from "../../src/stores/s3.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

const wait = { signal: new AbortController().signal };
const options = { chance: systemChance, clock: systemClock, lock: false };

async function examine(store: AnyStore, lock: boolean = false): Promise<StoreExamination> {
  return examineStore(store, { ...options, lock }, wait);
}

function outcomes({ probes }: StoreExamination): Record<string, string> {
  return Object.fromEntries(probes.map((probe) => [probe.name, probe.outcome]));
}

/** The store in memory, but for what the test puts in place of some of its calls. */
function dishonest(wrong: (memory: MemoryStore) => Partial<AnyStore>): AnyStore {
  const memory = memoryStore();
  const calls: WholeStore = {
    name: memory.name,
    stat: memory.stat.bind(memory),
    read: memory.read.bind(memory),
    list: memory.list.bind(memory),
    versions: memory.versions.bind(memory),
    clock: memory.clock.bind(memory),
    create: memory.create.bind(memory),
    mend: memory.mend.bind(memory),
    remove: memory.remove.bind(memory),
  };
  return { ...calls, ...wrong(memory) };
}

const clean = {
  write: "passed",
  read: "passed",
  range: "passed",
  stat: "passed",
  list: "passed",
  "create-only": "passed",
  race: "passed",
  checksum: "passed",
  mend: "passed",
  clock: "passed",
  remove: "passed",
};
const noBucket = {
  versions: "not-run",
  "object-lock": "not-run",
  "default-retention": "not-run",
  lifecycle: "not-run",
};

describe("examining a directory", () => {
  it("finds it suitable and leaves nothing behind", async () => {
    const path = await mkdtemp(join(tmpdir(), "holdfast-examine-"));
    try {
      const found = await examine(directoryStore({ name: storeName.parse("folder"), path }));
      expect(outcomes(found)).toEqual({ ...noBucket, ...clean });
      expect(found.suitable).toBe(true);
      expect(await readdir(path)).toEqual([".staging"]);
    } finally {
      await rm(path, { recursive: true });
    }
  });
});

describe("examining a real bucket", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  beforeEach((context) => {
    context.skip(server.kind === "emulator", "the emulator is no store that an examination would pass");
  });

  function settings(bucket: string): S3Settings {
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const name = storeName.parse("bucket");
    return { name, bucket, endpoint, region, accessKeyId, secretAccessKey, pathStyle: true };
  }

  it("finds it suitable and removes what it wrote, every version of it", async () => {
    const store = s3Store(settings(await server.createBucket("holdfast-examine", { lock: true })));
    const found = await examine(store, true);
    // Not every server knows such rules; a bucket that was just made has none.
    const others = found.probes.filter(({ name }) => name !== "lifecycle");
    expect(others.filter((probe) => probe.outcome !== "passed")).toEqual([]);
    expect(found.suitable).toBe(true);
    expect(await Array.fromAsync(store.list("", wait))).toEqual([]);
  });

  it("misses versions and locks only where the configuration wants them", async () => {
    const store = s3Store(settings(await server.createBucket("holdfast-plain")));
    const plain = await examine(store);
    expect(plain.suitable).toBe(true);
    expect(outcomes(await examine(store, true))).toMatchObject({ "object-lock": "failed" });
  });

  it("refuses a bucket with a default retention, and writes nothing that it would lock", async () => {
    const bucket = await server.createBucket("holdfast-retention", { lock: true });
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    const rule = { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } } as const;
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: rule },
      }),
    );
    const store = s3Store(settings(bucket));
    const found = await examine(store);
    expect(found.suitable).toBe(false);
    expect(found.probes).toContainEqual({
      name: "default-retention",
      outcome: "failed",
      detail:
        "the bucket locks every object, keys included, for 1 days (GOVERNANCE): erasure would be impossible",
    });
    expect(outcomes(found)).toMatchObject({ write: "not-run", race: "not-run", clock: "passed" });
    expect(await Array.fromAsync(store.list("", wait))).toEqual([]);
  });

  it("says why when the credentials are refused", async () => {
    const bucket = await server.createBucket("holdfast-refused");
    const found = await examine(s3Store({ ...settings(bucket), secretAccessKey: "wrong" }));
    expect(found.suitable).toBe(false);
    expect(found.probes).toContainEqual({
      name: "write",
      outcome: "failed",
      detail: expect.stringContaining("store/refused"),
    });
  });
});

function withRule(does: LifecycleDeed["does"]): BucketSettings {
  const lifecycle = [{ rule: "tidy", does, when: "30 days after they came" }];
  return { versioning: "enabled", objectLock: false, defaultRetention: null, lifecycle };
}

describe("examining a store that is not what it seems", () => {
  it.each<[string, string, (memory: MemoryStore) => Partial<AnyStore>]>([
    ["create-only", "overwrites", (memory) => ({ create: async (key, body) => memory.overwrite(key, body) })],
    [
      "race",
      "lets every racer believe it won",
      (memory) => ({
        create: async (key, body, ...rest) => {
          await memory.create(key, body, ...rest).catch((error: unknown) => {
            if (!key.endsWith("/race")) throw error;
          });
        },
      }),
    ],
    [
      "checksum",
      "does not look at digests",
      (memory) => ({ create: async (key, body, _options, wait) => memory.create(key, body, {}, wait) }),
    ],
    ["mend", "forgets what is written over an object", () => ({ mend: async () => {} })],
    ["clock", "lives in another time", () => ({ clock: async () => new Date(Date.now() - 300_001) })],
    ["list", "hides what it holds", () => ({ list: async function* list() {} })],
    ["range", "sends the whole for a part", (memory) => ({ read: async (key) => memory.bodyOf(key) })],
    ["remove", "keeps what is removed", () => ({ remove: async () => {} })],
    [
      "stat",
      "tells of objects that are not there",
      () => ({ stat: async (key) => ({ key, bytes: 4096, modifiedAt: new Date(0) }) }),
    ],
    [
      "default-retention",
      "locks everything",
      () => ({
        bucketSettings: async () => ({
          versioning: "enabled",
          objectLock: true,
          defaultRetention: { mode: "COMPLIANCE", period: "7 years" },
          lifecycle: [],
        }),
      }),
    ],
    ["lifecycle", "removes what is old", () => ({ bucketSettings: async () => withRule("remove") })],
    ["lifecycle", "archives what is old", () => ({ bucketSettings: async () => withRule("archive") })],
  ])("finds by %s that it %s", async (probe, _what, wrong) => {
    const found = await examine(dishonest(wrong));
    expect(outcomes(found)[probe]).toBe("failed");
    expect(found.suitable).toBe(false);
  });

  it("finds by read that it alters bytes", async () => {
    const store = faulty(memoryStore());
    store.next("read").flipsBit(77);
    expect(outcomes(await examine(store))["read"]).toBe("failed");
  });

  it("is content with a store that lets nobody replace an object, and says what that means", async () => {
    const store = faulty(memoryStore());
    store.every("mend").failsWith("store/refused");
    const found = await examine(store);
    expect(found.suitable).toBe(true);
    expect(outcomes(found)["mend"]).toBe("not-run");
  });

  it("says once that it is full, and does not blame what could not be tried", async () => {
    const store = faulty(memoryStore());
    store.every("create").failsWith("store/full");
    const found = await examine(store);
    expect(found.suitable).toBe(false);
    expect(found.probes.filter((probe) => probe.outcome === "failed").map((probe) => probe.name)).toEqual([
      "write",
    ]);
  });

  it("touches nothing outside its own folder", async () => {
    const memory = memoryStore();
    memory.overwrite("tenants/acme/object", Buffer.from("x"));
    memory.overwrite("holdfast-probe/of-somebody-else/object", Buffer.from("x"));
    const store = faulty(memory);
    await examine(store);
    expect(memory.keys()).toEqual(["holdfast-probe/of-somebody-else/object", "tenants/acme/object"]);
    const keys = store.calls.map((call) => call.key).filter((key) => key !== "");
    expect(keys.filter((key) => !/^holdfast-probe\/[a-z2-7]{16}\//.test(key))).toEqual([]);
  });

  it("stops when the wait is over", async () => {
    const over = { signal: AbortSignal.abort() };
    await expect(examineStore(memoryStore(), options, over)).rejects.toMatchObject({
      code: "wait/cancelled",
    });
  });
});
