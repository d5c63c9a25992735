/** A bucket of a real S3 server keeps the contract of a store, and other clients find our objects as we meant them. */
import { Client } from "minio";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { randomBase32, systemChance } from "../../src/base/chance.ts";
import { sha256 } from "../../src/base/digest.ts";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { s3Store, type S3Settings } from "../../src/stores/s3.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { storeContract } from "./store-contract.ts";

const wait = { signal: new AbortController().signal };
let server: S3Server;
let settings: S3Settings;

function freshKey(): ReturnType<typeof objectKey.parse> {
  return objectKey.parse(`special/${randomBase32(systemChance, 12)}/object`);
}

function independentClient(): Client {
  const { hostname, port, protocol } = new URL(server.endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port === "" ? (protocol === "https:" ? 443 : 80) : port),
    useSSL: protocol === "https:",
    pathStyle: true,
    region: server.region,
    accessKey: server.accessKeyId,
    secretKey: server.secretAccessKey,
  });
}

beforeAll(async () => {
  server = await startS3Server();
  settings = {
    name: storeName.parse("bucket"),
    bucket: await server.createBucket("holdfast-test"),
    region: server.region,
    endpoint: server.endpoint,
    pathStyle: true,
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
  };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function needsReal(context: TestContext): void {
  context.skip(server.kind === "emulator", "the emulator does not do this");
}

async function nothing(): Promise<void> {}

describe("a bucket", () => {
  storeContract(async () => ({
    store: s3Store(settings),
    isEmulated: server.kind === "emulator",
    [Symbol.asyncDispose]: nothing,
  }));
});

describe("a folder of a bucket, without checksums of the store", () => {
  storeContract(async () => ({
    store: s3Store({ ...settings, prefix: "some/folder", checksums: "when-required" }),
    isEmulated: server.kind === "emulator",
    [Symbol.asyncDispose]: nothing,
  }));
});

describe("a bucket, beyond the contract", () => {
  it("holds under the key the very bytes, as an independent client sees them", async () => {
    const key = freshKey();
    const body = systemChance(100_003);
    await s3Store({ ...settings, prefix: "deep/er" }).create(key, body, {}, wait);
    const seen = independentClient();
    const parts: Buffer[] = await Array.fromAsync(await seen.getObject(settings.bucket, `deep/er/${key}`));
    expect(sha256(Buffer.concat(parts))).toBe(sha256(body));
    expect((await seen.statObject(settings.bucket, `deep/er/${key}`)).size).toBe(body.length);
  });

  it("notices what an independent client put there first", async (context) => {
    needsReal(context);
    const key = freshKey();
    await independentClient().putObject(settings.bucket, key, Buffer.from("theirs"));
    const store = s3Store(settings);
    await expect(store.create(key, Buffer.from("ours"), {}, wait)).rejects.toMatchObject({
      code: "store/exists",
    });
    expect((await store.read(key, {}, wait)).toString()).toBe("theirs");
  });

  it("is refused with a wrong secret, and told apart from absent", async (context) => {
    needsReal(context);
    const store = s3Store({ ...settings, secretAccessKey: "wrong" });
    await expect(store.read(freshKey(), {}, wait)).rejects.toMatchObject({ code: "store/refused" });
  });

  it("does not call an object absent when the bucket is", async () => {
    const store = s3Store({ ...settings, bucket: "holdfast-there-is-none" });
    const refused = { code: "store/refused" };
    await expect(store.stat(freshKey(), wait)).rejects.toMatchObject(refused);
    await expect(store.read(freshKey(), {}, wait)).rejects.toMatchObject(refused);
    await expect(store.create(freshKey(), Buffer.from("x"), {}, wait)).rejects.toMatchObject(refused);
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject(refused);
  });

  it("is unreachable where nothing listens", async () => {
    const store = s3Store({ ...settings, endpoint: "http://127.0.0.1:9" });
    const unreachable = { code: "store/unreachable", retryable: true };
    await expect(store.stat(freshKey(), wait)).rejects.toMatchObject(unreachable);
    await expect(store.create(freshKey(), Buffer.from("x"), {}, wait)).rejects.toMatchObject(unreachable);
  });

  it("lists more than one page of keys, and goes on behind any of them", async () => {
    const store = s3Store(settings);
    const base = `pages/${randomBase32(systemChance, 12)}`;
    const names = Array.from({ length: 1005 }, (_, at) => String(at).padStart(4, "0"));
    for (let at = 0; at < names.length; at += 50) {
      const some = names.slice(at, at + 50);
      await Promise.all(
        some.map(async (name) =>
          store.create(objectKey.parse(`${base}/${name}`), Buffer.from("x"), {}, wait),
        ),
      );
    }
    const listed = await Array.fromAsync(store.list(`${base}/`, wait));
    expect(listed.map((stat) => stat.key.slice(-4))).toEqual(names);
    const rest = await Array.fromAsync(store.list(`${base}/`, wait, objectKey.parse(`${base}/0998`)));
    expect(rest.map((stat) => stat.key.slice(-4))).toEqual(names.slice(999));
  });

  it("keeps all versions of a key, and reads and removes each by its name", async (context) => {
    needsReal(context);
    const bucket = await server.createBucket("holdfast-versions", { lock: true });
    const store = s3Store({ ...settings, bucket });
    const key = freshKey();
    await store.create(key, Buffer.from("good"), {}, wait);
    await independentClient().putObject(bucket, key, Buffer.from("garbage"));
    const versions = await store.versions(key, wait);
    expect(versions.map(({ bytes, current }) => ({ bytes, current }))).toEqual([
      { bytes: 7, current: true },
      { bytes: 4, current: false },
    ]);
    const [newest, oldest] = versions;
    expect((await store.read(key, { version: oldest?.version ?? "" }, wait)).toString()).toBe("good");
    await store.remove(key, newest?.version ?? "", wait);
    expect((await store.read(key, {}, wait)).toString()).toBe("good");
    await store.remove(key, null, wait);
    expect(await store.versions(key, wait)).toEqual([]);
  });

  it("mends by a new version that becomes current, and keeps the old one, locked or not", async (context) => {
    needsReal(context);
    const bucket = await server.createBucket("holdfast-mends", { lock: true });
    const store = s3Store({ ...settings, bucket, lock: "governance" });
    const key = freshKey();
    const lock = { mode: "governance", until: new Date(Date.now() + 60_000) } as const;
    await store.create(key, Buffer.from("damaged"), { lock }, wait);
    await store.mend(key, Buffer.from("good"), { lock }, wait);
    expect((await store.read(key, {}, wait)).toString()).toBe("good");
    const versions = await store.versions(key, wait);
    expect(versions.map(({ bytes, current }) => ({ bytes, current }))).toEqual([
      { bytes: 4, current: true },
      { bytes: 7, current: false },
    ]);
    for (const { version } of versions)
      await expect(store.remove(key, version, wait)).rejects.toMatchObject({ code: "store/refused" });
  });

  it("locks an object against removal where it may, and refuses a lock where it may not", async (context) => {
    needsReal(context);
    const bucket = await server.createBucket("holdfast-locks", { lock: true });
    const store = s3Store({ ...settings, bucket, lock: "governance" });
    const key = freshKey();
    const lock = { mode: "governance", until: new Date(Date.now() + 60_000) } as const;
    await store.create(key, Buffer.from("locked"), { lock }, wait);
    await expect(store.remove(key, null, wait)).rejects.toMatchObject({ code: "store/refused" });
    expect((await store.read(key, {}, wait)).toString()).toBe("locked");
    await expect(
      s3Store(settings).create(freshKey(), Buffer.from("x"), { lock }, wait),
    ).rejects.toMatchObject({ code: "store/unsuitable" });
  });
});
