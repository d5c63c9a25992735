/** The faulty store does what its sentences say; tests of damage stand on it. */
import { describe, expect, it } from "vitest";
import { objectKey } from "../../src/model/ids.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

const wait = { signal: new AbortController().signal };
const key = objectKey.parse("tenants/acme/object");
const other = objectKey.parse("tenants/bravo/object");

function scene() {
  const memory = memoryStore();
  memory.overwrite(key, Buffer.from("0123456789"));
  return { memory, store: faulty(memory) };
}

describe("a faulty store", () => {
  it("fails the next call only, and only where the key fits", async () => {
    const { store } = scene();
    store.next("stat", "acme").failsWith("store/refused");
    expect(await store.stat(other, wait)).toBeNull();
    await expect(store.stat(key, wait)).rejects.toMatchObject({ code: "store/refused" });
    expect(await store.stat(key, wait)).toMatchObject({ bytes: 10 });
  });

  it("fails every call until it heals", async () => {
    const { store } = scene();
    store.every("read").failsWith("store/refused");
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/refused" });
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/refused" });
    store.heals();
    expect(await store.read(key, {}, wait)).toHaveLength(10);
  });

  it("fills up after so many bytes", async () => {
    const { memory, store } = scene();
    store.every("create").failsAfter({ bytes: 10, code: "store/full" });
    await store.create(objectKey.parse("a"), Buffer.alloc(6), {}, wait);
    await expect(store.create(objectKey.parse("b"), Buffer.alloc(6), {}, wait)).rejects.toMatchObject({
      code: "store/full",
    });
    await store.create(objectKey.parse("c"), Buffer.alloc(4), {}, wait);
    expect(memory.keys()).toEqual(["a", "c", key]);
  });

  it("does the work and loses the answer", async () => {
    const { memory, store } = scene();
    store.next("create").failsOnceDone();
    await expect(store.create(other, Buffer.from("x"), {}, wait)).rejects.toMatchObject({
      code: "store/unreachable",
    });
    expect(memory.bodyOf(other).toString()).toBe("x");
  });

  it("flips a bit and cuts off, of what is read but not of what is held", async () => {
    const { memory, store } = scene();
    store.next("read").flipsBit(0);
    expect((await store.read(key, {}, wait)).toString()).toBe("1123456789");
    store.next("read").truncatesTo(3);
    expect((await store.read(key, {}, wait)).toString()).toBe("012");
    expect(memory.bodyOf(key).toString()).toBe("0123456789");
    expect((await store.read(key, {}, wait)).toString()).toBe("0123456789");
  });

  it("withholds what it hides, and is unreachable while it is down", async () => {
    const { store } = scene();
    store.hides("tenants/acme/");
    expect(await store.stat(key, wait)).toBeNull();
    expect(await Array.fromAsync(store.list("", wait))).toEqual([]);
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/absent" });
    store.isDown();
    await expect(store.clock(wait)).rejects.toMatchObject({ code: "store/unreachable" });
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject({ code: "store/unreachable" });
    store.comesBack();
    store.heals();
    expect(await store.stat(key, wait)).toMatchObject({ bytes: 10 });
  });

  it("waits for what happens before a call, which then meets it", async () => {
    const { store, memory } = scene();
    store.next("stat").does(async () => {
      await Promise.resolve();
      memory.lose(key);
    });
    expect(await store.stat(key, wait)).toBeNull();
    memory.overwrite(key, Buffer.from("again"));
    expect(await store.stat(key, wait)).toMatchObject({ bytes: 5 });
  });

  it("waits for an event, or until its caller stops waiting", async () => {
    const { store } = scene();
    const gate = Promise.withResolvers<void>();
    store.every("stat").takes(gate.promise);
    const control = new AbortController();
    const reached = store.reaches("stat");
    const left = store.stat(key, { signal: control.signal });
    const waited = store.stat(key, wait);
    await reached;
    control.abort();
    await expect(left).rejects.toMatchObject({ code: "wait/cancelled" });
    gate.resolve();
    expect(await waited).toMatchObject({ bytes: 10 });
  });
});
