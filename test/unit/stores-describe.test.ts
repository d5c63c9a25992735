/** A store has one descriptor for ever, whoever makes it first, and an unknown one is not read as if it were known. */
import { describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { isFailure } from "../../src/base/failure.ts";
import { ensureDescriptor, readDescriptor } from "../../src/stores/describe.ts";
import type { ObjectReader } from "../../src/stores/store.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

const wait = { signal: new AbortController().signal };
const clock = new ManualClock(new Date("2026-11-21T01:30:00Z"));

describe("the descriptor of a store", () => {
  it("is absent from a new store, made once, and found again", async () => {
    const store = memoryStore();
    expect(await readDescriptor(store, wait)).toBeNull();
    const made = await ensureDescriptor(store, systemChance, clock, wait);
    expect(made).toMatchObject({
      format: { name: "holdfast-store", version: 1 },
      createdAt: "2026-11-21T01:30:00.000Z",
    });
    expect(await ensureDescriptor(store, systemChance, clock, wait)).toEqual(made);
    expect(await readDescriptor(store, wait)).toEqual(made);
    expect(store.keys()).toEqual(["holdfast.json"]);
  });

  it("is the same for hosts that make it at once", async () => {
    const store = memoryStore();
    const made = await Promise.all(
      Array.from({ length: 5 }, async () => ensureDescriptor(store, systemChance, clock, wait)),
    );
    expect(new Set(made.map((one) => one.storeId)).size).toBe(1);
  });

  it.each([
    ["a later version", '{"format":{"name":"holdfast-store","version":2},"storeId":7}', "format/unknown"],
    ["another document", '{"format":{"name":"holdfast-record","version":1}}', "format/invalid"],
    [
      "a store id out of shape",
      '{"format":{"name":"holdfast-store","version":1},"storeId":"x"}',
      "format/invalid",
    ],
    ["half a document", '{"format":', "format/invalid"],
    ["nothing", "", "format/invalid"],
  ])("is refused when it is %s, and not replaced", async (_what, text, code) => {
    const store = memoryStore();
    store.overwrite("holdfast.json", Buffer.from(text));
    await expect(readDescriptor(store, wait)).rejects.toMatchObject({ code });
    await expect(ensureDescriptor(store, systemChance, clock, wait)).rejects.toMatchObject({ code });
    expect(store.bodyOf("holdfast.json").toString()).toBe(text);
  });

  it("that was lost is not replaced in a store that holds backups: a new id would void every proof", async () => {
    const store = memoryStore("two");
    store.overwrite("tenants/acme/keys/1.jws", Buffer.from("of a tenant"));
    await expect(ensureDescriptor(store, systemChance, clock, wait)).rejects.toMatchObject({
      code: "store/unsuitable",
      message: "two has lost its holdfast.json and holds tenants/acme/keys/1.jws",
    });
    expect(store.keys()).toEqual(["tenants/acme/keys/1.jws"]);
  });

  it.each<[string, readonly string[], string | null]>([
    ["is wrong in passing", ["x", "whole"], null],
    ["is wrong in another way each time", ["x", "y", "z"], "store/protocol"],
    ["is wrong in the same way twice", ["blank", "blank"], "format/invalid"],
    ["is cut off in passing, at the same place each time", ["x", "x", "x"], "store/protocol"],
    ["is of another version in passing", ['{"format":{"name":"holdfast-store","version":9}}', "whole"], null],
  ])("that %s accuses the store only when it holds that", async (_, answers, code) => {
    const store = memoryStore();
    const made = await ensureDescriptor(store, systemChance, clock, wait);
    const left = [...answers];
    const read: ObjectReader["read"] = async (...asked) => {
      const answer = left.shift() ?? "whole";
      const whole = await store.read(...asked);
      if (answer === "blank") return Buffer.alloc(whole.length, " ");
      return answer === "whole" ? whole : Buffer.from(answer);
    };
    const outcome = await readDescriptor(readThrough(store, read), wait).catch(codeOf);
    expect(outcome).toEqual(code ?? made);
    expect(left).toEqual([]);
  });

  it("is not called absent when the store does not answer", async () => {
    const store = faulty(memoryStore());
    store.isDown();
    await expect(readDescriptor(store, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });
});

function codeOf(error: unknown): string {
  return isFailure(error) ? error.code : String(error);
}

function readThrough(store: ObjectReader, read: ObjectReader["read"]): ObjectReader {
  return {
    name: store.name,
    read,
    stat: (key, waiting) => store.stat(key, waiting),
    list: (prefix, waiting, after) => store.list(prefix, waiting, after),
    versions: (key, waiting) => store.versions(key, waiting),
    clock: (waiting) => store.clock(waiting),
  };
}
