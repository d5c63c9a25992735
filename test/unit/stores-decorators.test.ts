/** Limits hold and leak no place, observation tells the truth, and the composed store is still a store. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { objectKey, storeName } from "../../src/model/ids.ts";
import type { BucketSettings } from "../../src/stores/bucket.ts";
import { limited } from "../../src/stores/limited.ts";
import { observed, type StoreEvent } from "../../src/stores/observed.ts";
import { openStore } from "../../src/stores/open.ts";
import { retrying } from "../../src/stores/retrying.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

const wait = { signal: new AbortController().signal };
const key = objectKey.parse("tenants/acme/object");
const body = Buffer.from("12345");

describe("limited", () => {
  it("lets no more calls through at once than it may, and the next as soon as one ends", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = faulty(memoryStore());
    slow.every("stat").takes(gate.promise);
    const store = limited(slow, 2);
    const second = slow.reaches("stat", "two");
    const calls = ["one", "two", "three"].map(async (name) => store.stat(objectKey.parse(name), wait));
    await second;
    expect(slow.calls.map((call) => call.key)).toEqual(["one", "two"]);
    gate.resolve();
    expect(await Promise.all(calls)).toEqual([null, null, null]);
    expect(slow.calls).toHaveLength(3);
  });

  it("gives the place back of a caller who stopped waiting in the queue", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = faulty(memoryStore());
    slow.next("stat").takes(gate.promise);
    const store = limited(slow, 1);
    const reached = slow.reaches("stat");
    const first = store.stat(key, wait);
    await reached;
    const control = new AbortController();
    const second = store.stat(key, { signal: control.signal });
    const third = store.stat(key, wait);
    control.abort();
    await expect(second).rejects.toMatchObject({ code: "wait/cancelled" });
    gate.resolve();
    expect(await Promise.all([first, third])).toEqual([null, null]);
  });

  it("gives the place back when a call fails", async () => {
    const broken = faulty(memoryStore());
    broken.next("stat").failsWith("store/refused");
    const store = limited(broken, 1);
    await expect(store.stat(key, wait)).rejects.toMatchObject({ code: "store/refused" });
    expect(await store.stat(key, wait)).toBeNull();
  });

  it("lets the reader of a listing call the same store, even with one place", async () => {
    const memory = memoryStore();
    memory.overwrite("a", body);
    memory.overwrite("b", body);
    const store = limited(memory, 1);
    const read: number[] = [];
    for await (const stat of store.list("", wait)) read.push((await store.read(stat.key, {}, wait)).length);
    expect(read).toEqual([5, 5]);
  });
});

describe("observed", () => {
  it("tells of every call with its bytes, its time and how it ended", async () => {
    const events: StoreEvent[] = [];
    let nowMs = 0;
    const memory = memoryStore("frankfurt");
    const broken = faulty(memory);
    const store = observed(
      broken,
      (event) => events.push(event),
      () => (nowMs += 10),
    );
    await store.create(key, body, {}, wait);
    await store.read(key, {}, wait);
    await Array.fromAsync(store.list("", wait));
    broken.next("remove").failsWith("store/refused");
    await expect(store.remove(key, null, wait)).rejects.toMatchObject({ code: "store/refused" });
    broken.next("list").failsWith("store/unreachable");
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject({ code: "store/unreachable" });
    expect(events).toEqual([
      { store: "frankfurt", operation: "create", ms: 10, bytes: 5, outcome: "done" },
      { store: "frankfurt", operation: "read", ms: 10, bytes: 5, outcome: "done" },
      { store: "frankfurt", operation: "list", ms: 20, bytes: 0, outcome: "done" },
      { store: "frankfurt", operation: "remove", ms: 10, bytes: 0, outcome: "store/refused" },
      { store: "frankfurt", operation: "list", ms: 10, bytes: 0, outcome: "store/unreachable" },
    ]);
  });

  it("tells of a listing whose reader stopped early", async () => {
    const events: StoreEvent[] = [];
    const memory = memoryStore();
    memory.overwrite("a", body);
    memory.overwrite("b", body);
    const store = observed(memory, (event) => events.push(event));
    for await (const stat of store.list("", wait)) if (stat.key.length > 0) break;
    expect(events).toMatchObject([{ operation: "list", outcome: "done" }]);
  });
});

describe("the decorators together", () => {
  it("keep what a bucket tells of itself, and tell nothing where there is no bucket", async () => {
    const settings: BucketSettings = {
      versioning: "off",
      objectLock: false,
      defaultRetention: null,
      lifecycle: null,
    };
    const bucket = Object.assign(memoryStore(), { bucketSettings: async () => settings });
    const dressed = retrying(
      limited(
        observed(bucket, () => {}),
        2,
      ),
      {
        attemptsMax: 1,
        firstDelayMs: 1,
        delayMaxMs: 1,
      },
    );
    expect(await dressed.bucketSettings?.(wait)).toEqual(settings);
    expect(limited(memoryStore(), 2).bucketSettings).toBeUndefined();
    expect(limited(memoryStore(), 2)[Symbol.dispose]).toBeUndefined();
  });

  it("close the connections of a bucket when they are disposed", async () => {
    const server = createServer((_, response) => response.writeHead(200, { "content-length": "5" }).end());
    server.keepAliveTimeout = 60_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connected = once(server, "connection");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const store = await openStore({
      kind: "s3",
      name: storeName.parse("bucket"),
      bucket: "bucket",
      region: "local",
      endpoint: `http://127.0.0.1:${String(address.port)}`,
      pathStyle: true,
      accessKeyId: "a",
      secretAccessKey: "b",
    });
    expect(await store.stat(key, wait)).toMatchObject({ bytes: 5 });
    const [socket]: Socket[] = await connected;
    expect(socket?.destroyed).toBe(false);
    const closed = socket === undefined ? null : once(socket, "close");
    store[Symbol.dispose]?.();
    await closed;
    server.close();
  });
});
