/** What every store must do: the comments of `src/stores/store.ts`, as tests. */
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { randomBase32, systemChance } from "../../src/base/chance.ts";
import { sha256 } from "../../src/base/digest.ts";
import { isFailure } from "../../src/base/failure.ts";
import { objectKey, type ObjectKey } from "../../src/model/ids.ts";
import type { ObjectStat, WholeStore } from "../../src/stores/store.ts";

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: WholeStore;
  /** Only ever true of an emulator that stands in where no real server is at hand; never in CI. */
  readonly isEmulated?: boolean;
}

const wait = { signal: new AbortController().signal };

/** Runs the suite against one store; each test keeps to keys of its own. */
export function storeContract(open: () => Promise<StoreUnderTest>): void {
  let opened: StoreUnderTest | undefined;
  const store = (): WholeStore => {
    if (opened === undefined) throw new Error("the store has not been opened");
    return opened.store;
  };
  const folder = (): string => `contract/${randomBase32(systemChance, 12)}`;
  const freshKey = (name: string = "object"): ObjectKey => objectKey.parse(`${folder()}/${name}`);

  /** Told aloud, test by test: an emulator does not keep this part of the contract, so nothing was shown. */
  const needsReal = (context: TestContext): void => {
    context.skip(opened?.isEmulated === true, "the emulator does not keep this part of the contract");
  };

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
  });

  describe("create", () => {
    it.each([0, 1, 65_536, 3_000_001])("keeps %i bytes as they were given", async (bytes) => {
      const key = freshKey();
      const body = systemChance(bytes);
      await store().create(key, body, {}, wait);
      expect(sha256(await store().read(key, {}, wait))).toBe(sha256(body));
      expect(await store().stat(key, wait)).toMatchObject({ key, bytes });
    });

    it("takes a body that is a view into a larger buffer", async () => {
      const key = freshKey();
      await store().create(key, Buffer.from("0123456789").subarray(3, 6), {}, wait);
      expect((await store().read(key, {}, wait)).toString()).toBe("345");
    });

    it("refuses a taken key, and the object keeps its bytes", async (context) => {
      needsReal(context);
      const key = freshKey();
      await store().create(key, Buffer.from("first"), {}, wait);
      await expect(store().create(key, Buffer.from("second"), {}, wait)).rejects.toMatchObject({
        code: "store/exists",
      });
      expect((await store().read(key, {}, wait)).toString()).toBe("first");
    });

    it("lets exactly one of several at once win, and its bytes stay", async (context) => {
      needsReal(context);
      const key = freshKey();
      const bodies = Array.from({ length: 6 }, (_, at) => Buffer.alloc(20_000, at));
      const ends = await Promise.allSettled(bodies.map((body) => store().create(key, body, {}, wait)));
      const winners = ends.flatMap((end, at) => (end.status === "fulfilled" ? [at] : []));
      expect(winners).toHaveLength(1);
      const refusals = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
      expect(refusals).toMatchObject(bodies.slice(1).map(() => ({ code: "store/exists" })));
      expect((await store().read(key, {}, wait)).at(0)).toBe(winners[0]);
    });

    it("refuses bytes of another digest than announced, and nothing is there", async (context) => {
      needsReal(context);
      const key = freshKey();
      const sent = store().create(key, Buffer.from("altered"), { sha256: sha256(Buffer.from("sent")) }, wait);
      await expect(sent).rejects.toMatchObject({ code: "store/corrupt" });
      expect(await store().stat(key, wait)).toBeNull();
    });

    it("takes the digest that was announced when it fits", async () => {
      const key = freshKey();
      const body = Buffer.from("as announced");
      await store().create(key, body, { sha256: sha256(body) }, wait);
      expect(await store().read(key, {}, wait)).toEqual(body);
    });

    it("does nothing once the wait is over", async () => {
      const key = freshKey();
      const created = store().create(key, Buffer.from("late"), {}, { signal: AbortSignal.abort() });
      await expect(created).rejects.toMatchObject({ code: "wait/cancelled" });
      expect(await store().stat(key, wait)).toBeNull();
    });
  });

  describe("mend", () => {
    it("replaces what lies under a key, and creates where nothing does", async () => {
      const key = freshKey();
      const [first, second] = [systemChance(70_000), systemChance(3_000_001)];
      await store().mend(key, first, {}, wait);
      expect(await store().read(key, {}, wait)).toEqual(first);
      await store().mend(key, second, {}, wait);
      expect(sha256(await store().read(key, {}, wait))).toBe(sha256(second));
      expect(await store().stat(key, wait)).toMatchObject({ key, bytes: second.length });
      await expect(store().create(key, first, {}, wait)).rejects.toMatchObject({ code: "store/exists" });
    });

    it("may be called twice with the same bytes, and shows one object", async () => {
      const key = freshKey();
      const body = systemChance(1000);
      await store().create(key, body, {}, wait);
      await store().mend(key, body, { sha256: sha256(body) }, wait);
      await store().mend(key, body, { sha256: sha256(body) }, wait);
      expect(await store().read(key, {}, wait)).toEqual(body);
      expect(await all(store().list(key, wait))).toHaveLength(1);
    });

    it("refuses bytes of another digest than announced, and the object keeps its own", async (context) => {
      needsReal(context);
      const key = freshKey();
      await store().create(key, Buffer.from("before"), {}, wait);
      const sent = store().mend(key, Buffer.from("altered"), { sha256: sha256(Buffer.from("sent")) }, wait);
      await expect(sent).rejects.toMatchObject({ code: "store/corrupt" });
      expect((await store().read(key, {}, wait)).toString()).toBe("before");
    });

    it("is whole at every moment for who reads meanwhile, and of several menders one stays", async (context) => {
      needsReal(context);
      const key = freshKey();
      const bodies = Array.from({ length: 5 }, (_, at) => Buffer.alloc(300_000 + at, at));
      await store().create(key, bodies[0] ?? Buffer.alloc(0), {}, wait);
      const reads = async (): Promise<Buffer[]> =>
        Promise.all(Array.from({ length: 6 }, async () => store().read(key, {}, wait).catch(changed)));
      const mends = bodies.map(async (body) => store().mend(key, body, {}, wait));
      const seen = [...(await reads()), ...(await reads())];
      await Promise.all(mends);
      seen.push(await store().read(key, {}, wait));
      const whole = new Set([...bodies.map(sha256), sha256(Buffer.alloc(0))]);
      expect(seen.filter((body) => !whole.has(sha256(body)))).toEqual([]);
      expect(seen.at(-1)).not.toHaveLength(0);
    });

    it("does nothing once the wait is over", async () => {
      const key = freshKey();
      const mended = store().mend(key, Buffer.from("late"), {}, { signal: AbortSignal.abort() });
      await expect(mended).rejects.toMatchObject({ code: "wait/cancelled" });
      expect(await store().stat(key, wait)).toBeNull();
    });
  });

  describe("stat and read", () => {
    it("say that an object is absent", async () => {
      const key = freshKey();
      expect(await store().stat(key, wait)).toBeNull();
      await expect(store().read(key, {}, wait)).rejects.toMatchObject({ code: "store/absent" });
      expect(await store().versions(key, wait)).toEqual([]);
    });

    it("say that a folder of objects is no object", async () => {
      const key = freshKey("folder/object");
      await store().create(key, Buffer.from("x"), {}, wait);
      const above = objectKey.parse(key.slice(0, key.lastIndexOf("/")));
      expect(await store().stat(above, wait)).toBeNull();
      await expect(store().read(above, {}, wait)).rejects.toMatchObject({ code: "store/absent" });
    });

    it("return a part of an object", async () => {
      const key = freshKey();
      await store().create(key, Buffer.from("0123456789"), {}, wait);
      const part = async (from: number, to: number): Promise<string> =>
        (await store().read(key, { range: { from, to } }, wait)).toString();
      expect(await part(0, 1)).toBe("0");
      expect(await part(3, 7)).toBe("3456");
      expect(await part(8, 100)).toBe("89");
      expect(await part(4, 4)).toBe("");
      expect(await part(10, 20)).toBe("");
    });

    it("take nothing into memory that is larger than allowed", async () => {
      const key = freshKey();
      await store().create(key, Buffer.alloc(1000), {}, wait);
      await expect(store().read(key, { bytesMax: 999 }, wait)).rejects.toMatchObject({
        code: "store/corrupt",
      });
      expect(await store().read(key, { bytesMax: 1000 }, wait)).toHaveLength(1000);
      expect(await store().read(key, { bytesMax: 10, range: { from: 5, to: 15 } }, wait)).toHaveLength(10);
    });

    it("tell when the object was made, by the store's clock", async () => {
      const key = freshKey();
      const before = await store().clock(wait);
      await store().create(key, Buffer.from("x"), {}, wait);
      const made = (await store().stat(key, wait))?.modifiedAt.getTime() ?? 0;
      // Some stores tell whole seconds only.
      expect(made).toBeGreaterThanOrEqual(before.getTime() - 1000);
      expect(made).toBeLessThanOrEqual((await store().clock(wait)).getTime() + 1000);
    });
  });

  describe("list", () => {
    it("names every object under a prefix in byte order, and no other", async (context) => {
      needsReal(context);
      const base = folder();
      const names = ["a/b", "a-b", "a.b", "a0", "A", "aa/c/d", "a/B", "z", "_x"];
      for (const name of names) await store().create(key(base, name), Buffer.from(name), {}, wait);
      const listed = await all(store().list(`${base}/`, wait));
      expect(listed.map((stat) => stat.key)).toEqual(names.map((name) => `${base}/${name}`).toSorted());
      expect(listed.map((stat) => stat.bytes)).toEqual(
        names.toSorted().map((name) => Buffer.byteLength(name)),
      );
      expect(keysOf(await all(store().list(`${base}/a/`, wait)))).toEqual([`${base}/a/B`, `${base}/a/b`]);
      expect(keysOf(await all(store().list(`${base}/aa/c`, wait)))).toEqual([`${base}/aa/c/d`]);
      expect(keysOf(await all(store().list(`${base}/nothing`, wait)))).toEqual([]);
    });

    it("takes a prefix that ends within a name", async () => {
      const base = folder();
      for (const name of ["ab1", "ab2/x", "ac"])
        await store().create(key(base, name), Buffer.from("x"), {}, wait);
      expect(keysOf(await all(store().list(`${base}/ab`, wait)))).toEqual([`${base}/ab1`, `${base}/ab2/x`]);
    });

    it("goes on behind a key", async () => {
      const base = folder();
      for (const name of ["a", "b/c", "b/d", "e"])
        await store().create(key(base, name), Buffer.from("x"), {}, wait);
      const behind = async (name: string): Promise<string[]> =>
        keysOf(await all(store().list(`${base}/`, wait, key(base, name)))).map((one) =>
          one.slice(base.length + 1),
        );
      expect(await behind("a")).toEqual(["b/c", "b/d", "e"]);
      expect(await behind("b/c")).toEqual(["b/d", "e"]);
      expect(await behind("b/cc")).toEqual(["b/d", "e"]);
      expect(await behind("e")).toEqual([]);
    });

    it("sees what was created just before", async () => {
      const base = folder();
      for (let count = 1; count <= 5; count += 1) {
        await store().create(key(base, String(count)), Buffer.from("x"), {}, wait);
        expect(await all(store().list(`${base}/`, wait))).toHaveLength(count);
      }
    });
  });

  describe("versions", () => {
    it("name the object that is there, and it can be read by its version", async (context) => {
      needsReal(context);
      const key = freshKey();
      await store().create(key, Buffer.from("only"), {}, wait);
      await store().create(objectKey.parse(`${key}-longer`), Buffer.from("other"), {}, wait);
      const versions = await store().versions(key, wait);
      expect(versions).toMatchObject([{ key, bytes: 4, current: true }]);
      const version = versions[0]?.version ?? "";
      expect((await store().read(key, { version }, wait)).toString()).toBe("only");
    });
  });

  describe("remove", () => {
    it("takes an object away for good, and its key is free", async () => {
      const key = freshKey();
      await store().create(key, Buffer.from("first"), {}, wait);
      await store().remove(key, null, wait);
      expect(await store().stat(key, wait)).toBeNull();
      expect(await all(store().list(key, wait))).toEqual([]);
      expect(await store().versions(key, wait)).toEqual([]);
      await store().create(key, Buffer.from("second"), {}, wait);
      expect((await store().read(key, {}, wait)).toString()).toBe("second");
    });

    it("takes away the version that is named", async (context) => {
      needsReal(context);
      const key = freshKey();
      await store().create(key, Buffer.from("x"), {}, wait);
      const version = (await store().versions(key, wait))[0]?.version ?? "";
      await store().remove(key, version, wait);
      expect(await store().stat(key, wait)).toBeNull();
    });

    it("does not mind that the object is absent", async () => {
      await expect(store().remove(freshKey(), null, wait)).resolves.toBeUndefined();
    });

    it("leaves the neighbours alone", async () => {
      const base = folder();
      await store().create(key(base, "one"), Buffer.from("1"), {}, wait);
      await store().create(key(base, "one-more"), Buffer.from("2"), {}, wait);
      await store().remove(key(base, "one"), null, wait);
      expect(keysOf(await all(store().list(`${base}/`, wait)))).toEqual([`${base}/one-more`]);
    });
  });

  it("has a clock that is near ours", async () => {
    const skewMs = Math.abs((await store().clock(wait)).getTime() - Date.now());
    expect(skewMs).toBeLessThan(300_000);
  });

  it("ends every call when its wait is over", async () => {
    const over = { signal: AbortSignal.abort() };
    const key = freshKey();
    const cancelled = { code: "wait/cancelled" };
    await expect(store().stat(key, over)).rejects.toMatchObject(cancelled);
    await expect(store().read(key, {}, over)).rejects.toMatchObject(cancelled);
    await expect(store().remove(key, null, over)).rejects.toMatchObject(cancelled);
    await store().create(key, Buffer.from("x"), {}, wait);
    await expect(all(store().list(key, over))).rejects.toMatchObject(cancelled);
  });
}

/** An object that is replaced between two parts of one read is told as such, and never put together. */
function changed(error: unknown): Buffer {
  if (isFailure(error, "store/unreachable")) return Buffer.alloc(0);
  throw error;
}

function key(base: string, name: string): ObjectKey {
  return objectKey.parse(`${base}/${name}`);
}

async function all(listing: AsyncIterable<ObjectStat>): Promise<ObjectStat[]> {
  return Array.fromAsync(listing);
}

function keysOf(stats: readonly ObjectStat[]): string[] {
  return stats.map((stat) => stat.key);
}
