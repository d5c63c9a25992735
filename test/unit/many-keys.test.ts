/** Very many keys are held as digests and bytes, and nothing is said of one that was not said of it in text (promise 6, traps 26 and 27). */
import { describe, expect, it } from "vitest";
import { digestOf, digestsOf, KeyIndex } from "../../src/base/key-index.ts";
import { type ObjectKey, objectKey, storeName } from "../../src/model/ids.ts";
import { graceMs } from "../../src/repository/commit.ts";
import type { StoredList } from "../../src/repository/condemned.ts";
import { CondemnedKeys } from "../../src/retention/condemned-here.ts";
import { LyingKeys } from "../../src/retention/lying-keys.ts";

const [dubai, frankfurt] = [storeName.parse("dubai"), storeName.parse("frankfurt")];
const now = new Date("2026-11-23T12:00:00.000Z");

function keyOf(number: number): ObjectKey {
  return objectKey.parse(`tenants/acme/chunks/1/00/${String(number)}`);
}

describe("an index of keys", () => {
  it("knows every key that was added and no other, filled to its end", () => {
    const index = new KeyIndex(5000);
    const slots = new Set<number>();
    for (let one = 0; one < 5000; one += 1) slots.add(index.add(digestOf(keyOf(one))));
    expect(slots.size).toBe(5000);
    expect(Math.max(...slots)).toBeLessThan(index.slots);
    for (let one = 0; one < 5000; one += 1) {
      expect(slots.has(index.slotOf(digestOf(keyOf(one))) ?? -1)).toBe(true);
      expect(index.slotOf(digestOf(keyOf(5000 + one)))).toBeNull();
    }
  });

  it("tells keys apart whose digests differ in their last bit alone", () => {
    const index = new KeyIndex(2);
    const digests = Buffer.concat([digestOf("a"), digestOf("a")]);
    digests.writeUInt8(digests.readUInt8(63) ^ 1, 63);
    index.add(digests);
    expect(index.slotOf(digests, 32)).toBeNull();
    expect(index.add(digests, 32)).not.toBe(index.slotOf(digests));
  });
});

describe("keys that lie in stores", () => {
  it("come back as they are, with their length and where they lie, in the order in which they were seen", () => {
    const keys = new LyingKeys(20_000);
    // More than one of the parts in which their texts are held.
    const long = "x".repeat(120);
    const all = Array.from({ length: 20_000 }, (_, one) =>
      objectKey.parse(`tenants/acme/${long}/${String(one)}`),
    );
    for (const [at, key] of all.entries()) expect(keys.add(key, at, dubai)).toBe(true);
    for (const [at, key] of all.entries()) if (at % 2 === 0) keys.add(key, at, frankfurt);
    expect(keys.add(keyOf(1), 1, dubai)).toBe(false);
    expect([...keys]).toEqual(
      all.map((key, at) => ({ key, bytes: at, stores: at % 2 === 0 ? [dubai, frankfurt] : [dubai] })),
    );
  });
});

describe("what lists of stores say of a key", () => {
  const old = new Date(now.getTime() - graceMs);
  const young = new Date(now.getTime() - graceMs + 1000);

  function listOf(at: Date, numbers: readonly number[], storedAt = at): StoredList {
    const key = objectKey.parse("tenants/acme/condemned/20261123T120000Z.jws");
    const digests = digestsOf(numbers.map(keyOf));
    return { key, at: at.toISOString(), digests, records: [], namesKeys: false, storedAt };
  }

  it("is that it may go where every store has named it for the whole grace time by both clocks", () => {
    const condemned = new CondemnedKeys(
      [
        { storeNow: now, lists: [listOf(old, [1, 2, 3, 6]), listOf(old, [1, 4])] },
        {
          storeNow: now,
          lists: [listOf(old, [1]), listOf(young, [2, 4]), listOf(old, [6], young), listOf(old, [5])],
        },
      ],
      now,
    );
    expect([1, 2, 3, 4, 5, 6, 7].map((one) => condemned.standing(keyOf(one)))).toEqual([
      "ready",
      "waiting",
      "open",
      "waiting",
      "open",
      "waiting",
      "unnamed",
    ]);
  });

  it("counts two lists of one store once", () => {
    const twice = { storeNow: now, lists: [listOf(old, [1]), listOf(old, [1])] };
    const condemned = new CondemnedKeys([twice, { storeNow: now, lists: [] }], now);
    expect(condemned.standing(keyOf(1))).toBe("open");
  });

  it("tells of each list whether anything of it was shown", () => {
    const lists = [listOf(old, [1, 2]), listOf(old, [3])];
    const condemned = new CondemnedKeys([{ storeNow: now, lists }], now);
    condemned.show(keyOf(2));
    condemned.show(keyOf(9));
    expect(lists.map((list) => condemned.isShown(list))).toEqual([true, false]);
  });

  it("is nothing without lists", () => {
    expect(new CondemnedKeys([{ storeNow: now, lists: [] }], now).show(keyOf(1))).toBe("unnamed");
  });
});
