/** Healing brings every kind of object back, believes nothing it has not looked at, and stops anywhere without breaking a promise (promises 1 and 9, traps 22, 23, 28). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { type BackupId, objectKey, type ObjectKey } from "../../src/model/ids.ts";
import { condemnedKey, erasedKey, findingsKey, findingsPrefix, recordKey } from "../../src/model/layout.ts";
import { writeFindings } from "../../src/repository/findings.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { brokenPromises } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healIn, oneOfEach } from "../support/replication-fixture.ts";
import { prove } from "../support/retention-fixture.ts";
import { buildHouse, type House, marked, markOf, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backup: BackupId;

const table = rows(11, 1_500_000);

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  ({ backup } = await house.backUp([dubai, frankfurt], { rows: table }));
  house.clock.advance(60_000);
});

function flip(store: MemoryStore, key: string): void {
  const body = store.bodyOf(key);
  body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1);
  store.overwrite(key, body);
}

/** What a scrub of frankfurt would have said. */
async function find(
  damaged: readonly ObjectKey[],
  healed: readonly ObjectKey[] = [],
  storeId: string = markOf(frankfurt),
): Promise<void> {
  const at = house.clock.now();
  const about = {
    tenant: house.tenant,
    store: frankfurt.name,
    storeId,
    host: "scrub",
    at,
  };
  await writeFindings({ ...about, damaged, healed, stores: [dubai, frankfurt] }, house, never);
  house.clock.advance(60_000);
}

async function stateIn(store: MemoryStore): Promise<string | undefined> {
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return backups.find((one) => one.backup === backup)?.copies.get(store.name)?.state;
}

const kinds = [
  "chunk",
  "manifest",
  "inventory",
  "record",
  "key statement",
  "key identity",
  "key id",
] as const;
const damages = {
  missing: (store: MemoryStore, key: string) => store.lose(key),
  truncated: (store: MemoryStore, key: string) => store.overwrite(key, store.bodyOf(key).subarray(0, 40)),
  flipped: flip,
} as const;

// A missing record is a missing copy, which replicate completes.
const cases = kinds.flatMap((kind) =>
  Object.entries(damages).flatMap(([how, harm]) =>
    kind === "record" && how === "missing" ? [] : [{ kind, how, harm }],
  ),
);

describe("a damaged copy", () => {
  it.each(cases)("whose $kind is $how is healed from the other store", async ({ kind, how, harm }) => {
    const key = oneOfEach(frankfurt, backup)[kind] ?? "";
    const before = frankfurt.copy();
    harm(frankfurt, key);
    if (how === "flipped" && kind !== "record") await find([objectKey.parse(key)]);
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report.unhealed).toEqual([]);
    expect(report.healed).toBe(1);
    expect(report.backups).toEqual([backup]);
    expect(frankfurt.bodyOf(key).equals(before.bodyOf(key))).toBe(true);
    expect(await stateIn(frankfurt)).toBe("present");
    expect(brokenPromises(frankfurt)).toEqual([]);
  });
});

describe("findings", () => {
  it("count an object as absent until it is healed, and no longer", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    flip(frankfurt, chunk);
    expect(await stateIn(frankfurt)).toBe("present");
    await find([chunk]);
    expect(await stateIn(frankfurt)).toBe("damaged");
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report.findingsIn).toEqual(["dubai", "frankfurt"]);
    expect(await stateIn(frankfurt)).toBe("present");
    house.clock.advance(60_000);
    const next = await house.backUp([dubai, frankfurt], { rows: table });
    expect(next.reusedBytes).toBeGreaterThan(0);
  });

  it("are not stated as healed by a host whose clock was set while it healed", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    flip(frankfurt, chunk);
    await find([chunk]);
    const healing = faulty(frankfurt);
    let aheadMs = 0;
    const clock = { now: () => new Date(house.clock.now().getTime() + aheadMs) };
    const mended = healing.reaches("mend", chunk).then(() => {
      aheadMs = 7_200_000;
      return aheadMs;
    });
    const report = await healIn(house, frankfurt.name, [dubai, healing], { clock });
    expect(await mended).toBe(7_200_000);
    expect(report).toMatchObject({
      healed: 1,
      findingsIn: [],
      notes: [expect.stringMatching(/could not be stated: the clock of frankfurt and this host's are 2 h/)],
    });
  });

  it("that are healed by a host whose clock is behind are healed all the same", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    await find([chunk]);
    house.clock.advance(-240_000);
    await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(await stateIn(frankfurt)).toBe("present");
    house.clock.advance(240_000);
  });

  it("are not believed when a stranger signed them, are bound to the store, and lie where they belong", async () => {
    const { chunk = "" } = oneOfEach(frankfurt, backup);
    const at = house.clock.now();
    const list = {
      format: { name: "holdfast-findings", version: 1 },
      tenant: house.tenant,
      store: frankfurt.name,
      storeId: markOf(frankfurt),
      at: at.toISOString(),
      host: "stranger",
      damaged: [chunk],
      healed: [],
    };
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const place = findingsKey(house.tenant, frankfurt.name, at);
    frankfurt.overwrite(place, await stranger.sign("proof", list));
    expect(await stateIn(frankfurt)).toBe("present");
    frankfurt.overwrite(place, await house.signer.sign("record", list));
    expect(await stateIn(frankfurt)).toBe("present");
    frankfurt.overwrite(place, await house.signer.sign("proof", { ...list, storeId: "aaaabbbbccccdddd" }));
    expect(await stateIn(frankfurt)).toBe("present");
    frankfurt.overwrite(place.replace("Z-frankfurt", "Z-dubai"), await house.signer.sign("proof", list));
    expect(await stateIn(frankfurt)).toBe("present");
    frankfurt.overwrite(place, await house.signer.sign("proof", list));
    expect(await stateIn(frankfurt)).toBe("damaged");
  });

  it.each(["chunk", "record"])("that are false of a %s cost a look and change nothing", async (kind) => {
    const key = objectKey.parse(oneOfEach(frankfurt, backup)[kind]);
    await find([key]);
    const watched = faulty(frankfurt);
    const report = await healIn(house, frankfurt.name, [dubai, watched]);
    expect(report).toMatchObject({ healed: 0, whole: 1, unhealed: [] });
    expect(watched.calls.filter(({ operation }) => operation === "mend")).toEqual([]);
    expect(await stateIn(frankfurt)).toBe("present");
  });

  it("of another store that bore this name are none of it", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    await find([chunk], [], "aaaabbbbccccdddd");
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report).toMatchObject({ healed: 0, whole: 0, unhealed: [], findingsIn: [] });
  });

  it("that say healed without a look are overtaken by the next scrub's", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    await find([chunk]);
    await find([], [chunk]);
    expect(await stateIn(frankfurt)).toBe("present");
    await find([chunk]);
    expect(await stateIn(frankfurt)).toBe("damaged");
  });

  it("nobody would believe are refused before anything is written", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    const about = { tenant: house.tenant, store: frankfurt.name, storeId: markOf(frankfurt), host: "x" };
    const order = { ...about, at: house.clock.now(), damaged: [chunk], healed: [], stores: [dubai] };
    await expect(writeFindings(order, { signer: stranger, trust: house.trust }, never)).rejects.toMatchObject(
      {
        code: "keys/role",
      },
    );
    expect(dubai.keys().filter((key) => key.startsWith(findingsPrefix(house.tenant)))).toEqual([]);
  });
});

describe("a proof that refuted a copy", () => {
  async function refute(damaged: ObjectKey[]): Promise<void> {
    await prove(house, [dubai, frankfurt], marked(frankfurt), backup, "refuted", damaged);
    house.clock.advance(60_000);
  }

  it("keeps its verdict after the heal, and the copy counts as present again", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    flip(frankfurt, chunk);
    await refute([chunk]);
    expect(await stateIn(frankfurt)).toBe("damaged");
    expect((await healIn(house, frankfurt.name, [dubai, frankfurt])).healed).toBe(1);
    const after = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    expect(after.backups[0]?.copies.get(frankfurt.name)).toMatchObject({
      state: "present",
      proof: { verdict: "refuted" },
    });
  });

  it("without naming an object has each of them looked at", async () => {
    const { chunk } = oneOfEach(frankfurt, backup);
    if (chunk === undefined) throw new Error("no chunk");
    flip(frankfurt, chunk);
    await refute([]);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 1,
      unhealed: [],
    });
    expect(frankfurt.bodyOf(chunk).equals(dubai.bodyOf(chunk))).toBe(true);
  });
});

describe("what no store holds whole", () => {
  it("is reported, and everything else is healed", async () => {
    const { chunk = "", manifest = "" } = oneOfEach(frankfurt, backup);
    dubai.lose(chunk);
    frankfurt.lose(chunk);
    frankfurt.lose(manifest);
    const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
    expect(report.unhealed).toMatchObject([{ key: chunk, mayReturn: false }]);
    expect(report.healed).toBe(1);
  });

  it("may return while a store is down that could hold it", async () => {
    const { chunk = "" } = oneOfEach(frankfurt, backup);
    frankfurt.lose(chunk);
    const away = faulty(dubai);
    away.isDown();
    const report = await healIn(house, frankfurt.name, [away, frankfurt]);
    expect(report.unhealed).toMatchObject([{ key: chunk, mayReturn: true }]);
    expect(report.down.map(({ store }) => store)).toEqual(["dubai"]);
  });
});

describe("what is dead", () => {
  it("stays dead: an erased tenant is refused, also when it is erased meanwhile", async () => {
    const { chunk = "" } = oneOfEach(frankfurt, backup);
    frankfurt.lose(chunk);
    const grave = {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: house.clock.now().toISOString(),
    };
    dubai.overwrite(erasedKey(house.tenant), await house.signer.sign("removal", grave));
    await expect(healIn(house, frankfurt.name, [dubai, frankfurt])).rejects.toMatchObject({
      code: "policy/refused",
    });
    expect(frankfurt.keys()).not.toContain(chunk);
  });
});

describe("a backup that was condemned and is kept after all", () => {
  it("is healed as any other: what a record names that is there, stays, and so does the record", async () => {
    const { chunk, record } = oneOfEach(frankfurt, backup);
    if (chunk === undefined || record === undefined) throw new Error("nothing there");
    const at = house.clock.now();
    const list = {
      format: { name: "holdfast-condemned", version: 1 },
      tenant: house.tenant,
      at: at.toISOString(),
    };
    const sign = (keys: readonly string[]): Promise<Uint8Array> =>
      house.signer.sign("removal", { ...list, keys });
    dubai.overwrite(condemnedKey(house.tenant, at), await sign([chunk]));
    frankfurt.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 1,
      unhealed: [],
    });
    dubai.overwrite(condemnedKey(house.tenant, at), await sign([record]));
    frankfurt.lose(chunk);
    flip(frankfurt, record);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 2,
      unhealed: [],
    });
    expect(await stateIn(frankfurt)).toBe("present");
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it("is not brought to where its record is not: a prune may have taken it from there", async () => {
    const { chunk = "", record = "" } = oneOfEach(frankfurt, backup);
    const at = house.clock.now();
    const format = { name: "holdfast-condemned", version: 1 };
    const list = { format, tenant: house.tenant, at: at.toISOString(), keys: [record] };
    dubai.overwrite(condemnedKey(house.tenant, at), await house.signer.sign("removal", list));
    frankfurt.lose(record);
    frankfurt.lose(chunk);
    expect(await healIn(house, frankfurt.name, [dubai, frankfurt])).toMatchObject({
      healed: 0,
      unhealed: [],
    });
    expect(frankfurt.keys()).not.toContain(chunk);
  });
});

describe("a heal that is cut off", () => {
  it("at any call of any store leaves promise 1 as it was, and the next one ends the work", async () => {
    const each = oneOfEach(frankfurt, backup);
    for (const kind of ["chunk", "manifest", "key identity"] as const) frankfurt.lose(each[kind] ?? "");
    flip(frankfurt, each["record"] ?? "");
    await find([each["inventory"] ?? recordKey(house.tenant, backup)]);
    const scene = { dubai: dubai.copy(), frankfurt: frankfurt.copy() };
    const calls = async (stopAfter: number): Promise<number> => {
      dubai = scene.dubai.copy();
      frankfurt = scene.frankfurt.copy();
      let count = 0;
      const stopping = (store: MemoryStore): ReturnType<typeof faulty> => {
        const one = faulty(store);
        const push = one.calls.push.bind(one.calls);
        one.calls.push = (...added) => {
          count += 1;
          if (count > stopAfter) {
            for (const store of both) store.isDown();
          }
          return push(...added);
        };
        return one;
      };
      const both: ReturnType<typeof faulty>[] = [];
      both.push(stopping(dubai), stopping(frankfurt));
      await healIn(house, frankfurt.name, both).catch(() => undefined);
      return count;
    };
    const total = await calls(Number.POSITIVE_INFINITY);
    expect(brokenPromises(frankfurt)).toEqual([]);
    for (let stop = 0; stop <= total; stop += 1) {
      await calls(stop);
      // A record that is good again stands over a whole copy, wherever the work was cut off.
      const isGood = frankfurt.bodyOf(each["record"] ?? "").equals(dubai.bodyOf(each["record"] ?? ""));
      expect(isGood ? brokenPromises(frankfurt) : []).toEqual([]);
      const report = await healIn(house, frankfurt.name, [dubai, frankfurt]);
      expect(report.unhealed).toEqual([]);
      expect(brokenPromises(frankfurt)).toEqual([]);
      expect(await stateIn(frankfurt)).toBe("present");
    }
  });
});
