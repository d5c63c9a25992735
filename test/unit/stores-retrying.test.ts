/** Trying again mends what it can, never doubles a write, and never takes another's object for ours. */
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { objectKey } from "../../src/model/ids.ts";
import { retrying } from "../../src/stores/retrying.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

const wait = { signal: new AbortController().signal };
const key = objectKey.parse("tenants/acme/object");
const body = Buffer.from("ours");
const policy = { attemptsMax: 3, firstDelayMs: 1, delayMaxMs: 1 };

function scene() {
  const memory = memoryStore();
  const broken = faulty(memory);
  return { memory, broken, store: retrying(broken, policy) };
}

describe("retrying", () => {
  it("tries again what the network broke", async () => {
    const { memory, broken, store } = scene();
    memory.overwrite(key, body);
    broken.next("read").failsWith("store/unreachable");
    broken.next("read").failsWith("store/unreachable");
    expect(await store.read(key, {}, wait)).toEqual(body);
  });

  it("gives up after the attempts that the policy allows", async () => {
    const { broken, store } = scene();
    broken.isDown();
    await expect(store.stat(key, wait)).rejects.toMatchObject({ code: "store/unreachable" });
    expect(broken.calls.filter((call) => call.operation === "stat")).toHaveLength(3);
  });

  it.each(["store/full", "store/refused", "store/clock", "store/corrupt"] as const)(
    "does not try again after %s",
    async (code) => {
      const { broken, store } = scene();
      broken.every("create").failsWith(code);
      await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code });
      expect(broken.calls).toHaveLength(1);
    },
  );

  it("knows its own object again when the answer to a create was lost", async () => {
    const { memory, broken, store } = scene();
    broken.next("create").failsOnceDone();
    await store.create(key, body, {}, wait);
    expect(memory.bodyOf(key)).toEqual(body);
  });

  it("knows its own object again when the answer to the last attempt was lost", async () => {
    const { memory, broken } = scene();
    broken.next("create").failsOnceDone();
    await retrying(broken, { ...policy, attemptsMax: 1 }).create(key, body, {}, wait);
    expect(memory.bodyOf(key)).toEqual(body);
  });

  it.each(["their", "theirs, and longer", "t"])(
    "does not take another's object for its own: %s",
    async (theirs) => {
      const { memory, broken, store } = scene();
      memory.overwrite(key, Buffer.from(theirs));
      broken.next("create").failsWith("store/unreachable");
      await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/exists" });
      expect(memory.bodyOf(key).toString()).toBe(theirs);
    },
  );

  it("says store/exists when the last attempt broke off and another's object is there", async () => {
    const { memory, broken, store } = scene();
    memory.overwrite(key, Buffer.from("theirs"));
    broken.every("create").failsWith("store/unreachable");
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/exists" });
  });

  it("does not vouch for a taken key that it never doubted, though the bytes be the same", async () => {
    const { memory, store } = scene();
    memory.overwrite(key, body);
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/exists" });
  });

  it("leaves the doubt standing when the store cannot be asked", async () => {
    const { broken, store } = scene();
    broken.every("create").failsOnceDone();
    broken.every("read").failsWith("store/unreachable");
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });

  it("ends a listing that has no end, and not one that is as long as may be", async () => {
    const memory = memoryStore();
    const endless: WholeStore = Object.create(memory, {
      name: { value: memory.name },
      list: {
        value: async function* list() {
          for (let n = 0; ; n += 1)
            yield { key: objectKey.parse(`tenants/acme/${String(n)}`), bytes: 1, modifiedAt: new Date(0) };
        },
      },
    });
    const listed = Array.fromAsync(retrying(endless, policy, undefined, 1000).list("tenants/acme/", wait));
    await expect(listed).rejects.toMatchObject({ code: "store/protocol" });
    for (const name of ["a", "b", "c"]) memory.overwrite(name, body);
    expect(await Array.fromAsync(retrying(memory, policy, undefined, 3).list("", wait))).toHaveLength(3);
  });

  it("takes a listing up behind the last key it gave, and gives none twice", async () => {
    const memory = memoryStore();
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) memory.overwrite(name, body);
    let breaks = 0;
    const flaky: WholeStore = Object.create(memory, {
      name: { value: memory.name },
      list: {
        value: async function* list(...[prefix, listWait, after]: Parameters<WholeStore["list"]>) {
          let given = 0;
          for await (const stat of memory.list(prefix, listWait, after)) {
            if (given === 2) {
              breaks += 1;
              throw new Failure("store/unreachable", "the listing broke off");
            }
            given += 1;
            yield stat;
          }
        },
      },
    });
    const listed = await Array.fromAsync(retrying(flaky, policy).list("", wait));
    expect(listed.map((stat) => stat.key)).toEqual(names);
    expect(breaks).toBe(2);
  });

  it("mends again after any doubt: the same bytes twice are the same object", async () => {
    const { memory, broken, store } = scene();
    memory.overwrite(key, Buffer.from("damaged"));
    broken.next("mend").failsOnceDone();
    broken.next("mend").failsWith("store/unreachable");
    await store.mend(key, body, {}, wait);
    expect(memory.bodyOf(key)).toEqual(body);
    expect(broken.calls.map(({ operation }) => operation)).toEqual(["mend", "mend"]);
  });

  it("stops at once when the wait is over", async () => {
    const { broken } = scene();
    const patient = retrying(broken, { attemptsMax: 100, firstDelayMs: 60_000, delayMaxMs: 60_000 });
    const control = new AbortController();
    broken.isDown();
    const reached = broken.reaches("stat");
    const call = patient.stat(key, { signal: control.signal });
    await reached;
    control.abort();
    await expect(call).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:wait\/cancelled|store\/unreachable)$/),
    });
  });
});
