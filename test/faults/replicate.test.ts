/** Replicating completes what a store lacks, brings nothing back that is dead, and stops anywhere without breaking a promise (promise 1, traps 23, 24, 26, 27). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner } from "../../src/keys/signing.ts";
import { type BackupId, backupId, tenantId } from "../../src/model/ids.ts";
import {
  condemnedKey,
  erasedKey,
  inventoryKey,
  keySetKeys,
  manifestKey,
  proofKey,
  recordKey,
} from "../../src/model/layout.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { writeFindings } from "../../src/repository/findings.ts";
import { encodeInventory } from "../../src/repository/inventory.ts";
import { replicate, type ReplicateReport } from "../../src/replication/replicate.ts";
import { brokenPromises, recordsIn } from "../support/copy-reader.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { deskOf, mending, oneOfEach, replicateAll } from "../support/replication-fixture.ts";
import { prove } from "../support/retention-fixture.ts";
import { buildHouse, type House, markOf, never, readAll, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let backups: BackupId[];

const first = rows(31, 900_000);
const second = `${first}${rows(32, 300_000)}`;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  backups = [];
  for (const table of [first, second]) {
    backups.push((await house.backUp([dubai], { rows: table })).backup);
    house.clock.advance(60_000);
  }
});

function idOf(at: 0 | 1): BackupId {
  const found = backups[at];
  if (found === undefined) throw new Error("no such backup");
  return found;
}

async function condemn(store: MemoryStore, keys: readonly string[]): Promise<string> {
  const at = house.clock.now();
  const list = {
    format: { name: "holdfast-condemned", version: 1 },
    tenant: house.tenant,
    at: at.toISOString(),
    keys,
  };
  const place = condemnedKey(house.tenant, at);
  store.overwrite(place, await house.signer.sign("removal", list));
  return place;
}

describe("a store that lacks everything", () => {
  it("is given every copy, oldest first, objects before records, and each opens from it alone", async () => {
    const watched = faulty(frankfurt);
    const report = await replicateAll(house, [dubai, watched]);
    expect(report.copies.map(({ backup, store, result }) => [backup, store, result])).toEqual(
      backups.map((backup) => [backup, "frankfurt", "copied"]),
    );
    expect(brokenPromises(frankfurt)).toEqual([]);
    const created = watched.calls.filter(({ operation }) => operation === "create").map(({ key }) => key);
    const records = created.filter((key) => key.endsWith("/record.jws"));
    expect(records).toEqual(backups.map((backup) => `tenants/acme/backups/${backup}/record.jws`));
    expect(created.at(-1)).toBe(records.at(-1));
    const opened = await house.open([frankfurt], idOf(1));
    expect((await readAll(opened, "rows")).toString()).toBe(second);
    expect(await replicateAll(house, [dubai, frankfurt])).toMatchObject({ copies: [], documents: 0 });
  });

  it("is given them by a host that has no key at all", async () => {
    const report = await replicateAll(house, [dubai, frankfurt], { signer: null });
    expect(report.copies.map(({ result }) => result)).toEqual(["copied", "copied"]);
  });

  it("is told what is known of copies elsewhere, and nothing that a stranger says", async () => {
    const chunk = dubai.keys().find((key) => key.includes("/chunks/"));
    const about = { tenant: house.tenant, store: dubai.name, storeId: markOf(dubai), host: "h" };
    const order = {
      ...about,
      at: house.clock.now(),
      damaged: chunk === undefined ? [] : [chunk],
      healed: [],
    };
    await writeFindings({ ...order, stores: [dubai] }, house, never);
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    const forged = condemnedKey(house.tenant, new Date(house.clock.now().getTime() - 3_600_000));
    const said = (await replicateAll(house, [dubai, frankfurt])).documents;
    expect(said).toBe(1);
    expect(frankfurt.keys().filter((key) => key.includes("/findings/"))).toHaveLength(1);
    dubai.overwrite(forged.replace("condemned", "holds"), await stranger.sign("removal", {}));
    expect((await replicateAll(house, [dubai, frankfurt])).documents).toBe(0);
    expect(frankfurt.keys().some((key) => key.includes("/holds/"))).toBe(false);
  });

  it("is told it in every other store, a proof together with its sealed detail", async () => {
    const sydney = memoryStore("sydney", house.clock);
    await prove(house, [dubai], dubai, idOf(1));
    const said = dubai.keys().filter((key) => key.includes("/proofs/"));
    expect(said).toHaveLength(2);
    const { documents } = await replicateAll(house, [frankfurt, dubai, sydney]);
    expect(documents).toBe(2);
    for (const store of [frankfurt, sydney])
      for (const key of said) expect(store.bodyOf(key).equals(dubai.bodyOf(key))).toBe(true);
  });

  it("is told of a proof whose detail is gone as well", async () => {
    await prove(house, [dubai], dubai, idOf(1));
    const [proof = "", ...details] = dubai
      .keys()
      .filter((key) => key.includes("/proofs/"))
      .toSorted((one) => (one.endsWith(".jws") ? -1 : 1));
    for (const key of details) dubai.lose(key);
    expect((await replicateAll(house, [dubai, frankfurt])).documents).toBe(1);
    expect(frankfurt.keys().filter((key) => key.includes("/proofs/"))).toEqual([proof]);
  });
});

describe("a record that a store withholds", () => {
  it("is put back beside the objects that are there, which are read first and not sent again", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    frankfurt.lose(recordKey(house.tenant, idOf(0)));
    const watched = faulty(frankfurt);
    const report = await replicateAll(house, [dubai, watched]);
    expect(report.copies).toMatchObject([{ backup: backups[0], result: "copied", objects: 0 }]);
    expect(watched.calls.filter(({ operation }) => operation === "create")).toHaveLength(1);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });
});

describe("the listing that a record waits for", () => {
  it("is shared by many backups, so that what they share is listed twice and not for each of them", async () => {
    for (let day = 0; day < 6; day += 1) {
      backups.push((await house.backUp([dubai], { rows: `${second}${String(day)}\n` })).backup);
      house.clock.advance(60_000);
    }
    const watched = faulty(frankfurt);
    await replicateAll(house, [dubai, watched]);
    expect(recordsIn(frankfurt)).toEqual(backups);
    expect(brokenPromises(frankfurt)).toEqual([]);
    const calls = watched.calls.map(({ operation, key }) => `${operation} ${key}`);
    expect(calls.filter((call) => call === "list tenants/acme/chunks/1/")).toHaveLength(2);
    const isObject = (call: string): boolean => call.startsWith("create") && !call.includes("record.jws");
    expect(calls.lastIndexOf("list tenants/acme/chunks/1/")).toBeGreaterThan(calls.findLastIndex(isObject));
    expect(calls.filter((call) => call.startsWith("read tenants/acme/chunks/"))).toEqual([]);
  });

  it("follows the reading of what was there: an object that goes meanwhile is brought", async () => {
    for (const key of dubai.keys())
      if (!key.endsWith("record.jws")) frankfurt.overwrite(key, dubai.bodyOf(key));
    const watched = faulty(frankfurt);
    const lose = async (): Promise<void> => {
      await watched.reaches("read", "manifest.age");
      for (const key of frankfurt.keys()) if (key.includes("/chunks/")) frankfurt.lose(key);
    };
    const [report] = await Promise.all([replicateAll(house, [dubai, watched]), lose()]);
    expect(report.copies.map(({ result }) => result)).toEqual(["copied", "copied"]);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });
});

describe("a key set that is being made in the store", () => {
  const { identity, statement } = keySetKeys(tenantId.parse("acme"), 1);

  it("is not written over; what nobody ended in an hour is", async () => {
    const newborn = Buffer.from("an identity that a host has just put there");
    frankfurt.overwrite(identity, newborn);
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["failed", "failed"]);
    expect(report.copies[0]?.detail).toContain("being made");
    expect(frankfurt.bodyOf(identity).equals(newborn)).toBe(true);
    expect(frankfurt.keys()).not.toContain(statement);
    house.clock.advance(2 * 3_600_000);
    const later = await replicateAll(house, [dubai, frankfurt]);
    expect(later.copies.map(({ result }) => result)).toEqual(["copied", "copied"]);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it("and is complete before our statement, has won", async () => {
    const other = memoryStore("elsewhere", house.clock);
    await house.backUp([other], { rows: "other\n" });
    const born = other.keys().filter((key) => key.includes("/keys/"));
    const watched = faulty(frankfurt);
    const birth = async (): Promise<void> => {
      await watched.reaches("create", "1.identity.age");
      for (const key of born) frankfurt.overwrite(key, other.bodyOf(key));
    };
    const [report] = await Promise.all([replicateAll(house, [dubai, watched]), birth()]);
    expect(report.copies.map(({ result }) => result)).toEqual(["failed", "failed"]);
    for (const key of born) expect(frankfurt.bodyOf(key).equals(other.bodyOf(key))).toBe(true);
  });
});

describe("what lies under a name already", () => {
  it("is never believed for its size: garbage put there first is mended (trap 23)", async () => {
    for (const key of dubai.keys().filter((one) => one.includes("/chunks/")))
      frankfurt.overwrite(key, Buffer.alloc(dubai.bodyOf(key).length, 7));
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["copied", "copied"]);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it("is mended where a finding says it is damaged, though a neighbour vouches for it", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    frankfurt.lose(recordKey(house.tenant, idOf(1)));
    const chunks = frankfurt.keys().filter((key) => key.includes("/chunks/"));
    for (const key of chunks) frankfurt.overwrite(key, Buffer.alloc(dubai.bodyOf(key).length, 7));
    const about = { tenant: house.tenant, store: frankfurt.name, storeId: markOf(frankfurt), host: "h" };
    const order = { ...about, at: house.clock.now(), damaged: chunks, healed: [] };
    await writeFindings({ ...order, stores: [dubai] }, house, never);
    house.clock.advance(60_000);
    await replicateAll(house, [dubai, frankfurt]);
    // What only the other backup names is for heal to mend.
    expect(brokenPromises(frankfurt).filter((one) => one.includes(idOf(1)))).toEqual([]);
  });

  it("is left alone where it is another key set that is signed as well (trap 24)", async () => {
    const other = await buildOther();
    const report = await replicateAll(house, [dubai, other]);
    const own = report.copies.filter(({ store }) => store === "frankfurt");
    expect(own.map(({ result }) => result)).toEqual(["failed", "failed"]);
    expect(own[0]?.detail).toContain("another key set");
    expect(brokenPromises(other)).toEqual([]);
  });
});

/** A store with a backup under a key set of its own of the same number, as one that was lost and replaced may hold. */
async function buildOther(): Promise<MemoryStore> {
  const other = memoryStore("frankfurt", house.clock);
  await house.backUp([other], { rows: "other\n" });
  house.clock.advance(60_000);
  return other;
}

describe("what is dead", () => {
  it("stays away: a record that a prune condemned, in whichever store the list lies", async () => {
    await condemn(frankfurt, [recordKey(house.tenant, idOf(0))]);
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ backup, result }) => [backup, result])).toEqual([
      [backups[0], "condemned"],
      [backups[1], "copied"],
    ]);
    expect(recordsIn(frankfurt)).toEqual([backups[1]]);
  });

  it("stays away: a proof of a backup that is gone, which a prune has just taken from one store", async () => {
    const gone = backupId.parse("20261101T120000Z-aaaaaa");
    const at = house.clock.now();
    const proof = {
      format: { name: "holdfast-proof", version: 1 },
      tenant: house.tenant,
      backup: gone,
      store: dubai.name,
      storeId: markOf(dubai),
      record: "0".repeat(64),
      verdict: "proven",
      at: at.toISOString(),
      seconds: 1,
      host: "h",
      version: "0",
      checks: [],
      excluded: 0,
      detail: { bytes: 1, sha256: "0".repeat(64) },
      damaged: [],
    };
    const place = proofKey({ tenant: house.tenant, backup: gone, store: dubai.name, at });
    dubai.overwrite(place, await house.signer.sign("proof", proof));
    expect(await replicateAll(house, [dubai, frankfurt])).toMatchObject({ documents: 1 });
    expect(frankfurt.keys()).toContain(place);
    await condemn(frankfurt, [place]);
    frankfurt.lose(place);
    expect(await replicateAll(house, [dubai, frankfurt])).toMatchObject({ documents: 1 });
    expect(frankfurt.keys()).not.toContain(place);
  });

  it("stays away: a backup of which an object was condemned", async () => {
    const { manifest = "" } = oneOfEach(dubai, idOf(0));
    await condemn(dubai, [manifest]);
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["condemned", "copied"]);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });

  it.each(["record", "manifest"])("is not even carried, where its %s was condemned before", async (part) => {
    await condemn(
      dubai,
      backups.map((backup) => oneOfEach(dubai, backup)[part] ?? ""),
    );
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["condemned", "condemned"]);
    expect(frankfurt.keys().filter((key) => !key.includes("/condemned/"))).toEqual([]);
  });

  it("is told as condemned also where its inventory is gone already", async () => {
    await condemn(dubai, [recordKey(house.tenant, idOf(0))]);
    dubai.lose(inventoryKey(house.tenant, idOf(0)));
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["condemned", "copied"]);
  });

  /** Something happens once the first chunk is on its way to Frankfurt. */
  async function replicatedWhile(happening: () => Promise<unknown>): Promise<ReplicateReport> {
    const watched = faulty(frankfurt);
    watched.next("create", "/chunks/").does(happening);
    return replicateAll(house, [dubai, watched]);
  }

  it("stays away when it is condemned while its objects are carried over (trap 27)", async () => {
    const report = await replicatedWhile(() => condemn(dubai, [recordKey(house.tenant, idOf(0))]));
    expect(report.copies.map(({ result }) => result)).toEqual(["condemned", "copied"]);
    expect(recordsIn(frankfurt)).toEqual([backups[1]]);
  });

  it("stays away when a list that nobody can read turns up while its objects are carried over", async () => {
    const report = await replicatedWhile(async () => {
      dubai.overwrite(condemnedKey(house.tenant, house.clock.now()), Buffer.from("garbage"));
    });
    expect(report.copies.map(({ result }) => result)).toEqual(["failed"]);
    expect(recordsIn(frankfurt)).toEqual([]);
  });

  it.for([
    ["goes on", 0],
    ["is set back meanwhile", graceMs],
  ] as const)(
    "is looked for again when the look has become old, and the clock %s (trap 27)",
    async ([, backMs]) => {
      let looks = 0;
      let setBackMs = 0;
      const slow = faulty(frankfurt);
      const order = mending(dubai, slow);
      const desk = deskOf(house);
      const clock = {
        now: () => {
          const last = slow.calls.at(-1);
          // Reading the lists of the first look takes as long as nobody would think.
          if (last?.operation === "list" && last.key.includes("/condemned/")) {
            looks += 1;
            if (looks === 2) {
              house.clock.advance(graceMs);
              setBackMs = backMs;
            }
          }
          return new Date(house.clock.now().getTime() - setBackMs);
        },
      };
      const report = await replicate(house.tenant, order, { ...desk, clock }, () => undefined, never);
      expect(report.copies.map(({ result }) => result)).toEqual(["copied", "copied"]);
      expect(brokenPromises(frankfurt)).toEqual([]);
      const lists = slow.calls.filter(
        ({ operation, key }) => operation === "list" && key.includes("/condemned/"),
      );
      // To begin with, for the first look, and once more; before the second record that one is young still.
      expect(lists.length).toBe(4);
      expect(looks).toBeGreaterThan(2);
    },
  );

  it("could be anything while a condemned list cannot be read: nothing is copied", async () => {
    dubai.overwrite(condemnedKey(house.tenant, house.clock.now()), Buffer.from("garbage"));
    await expect(replicateAll(house, [dubai, frankfurt])).rejects.toMatchObject({ code: "keys/signature" });
    expect(frankfurt.keys()).toEqual([]);
  });

  it("is an erased tenant, also when it is erased on the way: no key object is put back (promise 10)", async () => {
    const grave = {
      format: { name: "holdfast-erased", version: 1 },
      tenant: house.tenant,
      at: house.clock.now().toISOString(),
    };
    const signed = await house.signer.sign("removal", grave);
    const watched = faulty(frankfurt);
    const erased = watched
      .reaches("list", "/chunks/")
      .then(() => dubai.overwrite(erasedKey(house.tenant), signed));
    await expect(replicateAll(house, [dubai, watched])).rejects.toMatchObject({ code: "policy/refused" });
    await erased;
    expect(frankfurt.keys().filter((key) => key.includes("/keys/"))).toEqual([]);
    await expect(replicateAll(house, [dubai, frankfurt])).rejects.toMatchObject({ code: "policy/refused" });
  });
});

describe("an inventory that names what its record has no business with", () => {
  it("moves nothing, whoever signed it", async () => {
    await replicateAll(house, [dubai, frankfurt]);
    const victim = manifestKey(house.tenant, idOf(0));
    const evil = backupId.parse(`${idOf(0).slice(0, 16)}-aaaaaa`);
    const bytes = Buffer.from("other bytes");
    const body = await encodeInventory({ tenant: house.tenant, backup: evil }, [
      { key: victim, bytes: bytes.length, sha256: sha256(bytes) },
    ]);
    const payload: unknown = JSON.parse(
      Buffer.from(
        dubai
          .bodyOf(recordKey(house.tenant, idOf(0)))
          .toString("latin1")
          .split(".")[1] ?? "",
        "base64url",
      ).toString(),
    );
    const record = {
      ...Object(payload),
      backup: evil,
      objects: 1,
      inventory: { bytes: body.length, sha256: sha256(body) },
    };
    dubai.overwrite(inventoryKey(house.tenant, evil), body);
    dubai.overwrite(recordKey(house.tenant, evil), await house.signer.sign("record", record));
    const before = frankfurt.bodyOf(victim);
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies).toMatchObject([{ backup: evil, store: "frankfurt", result: "lost" }]);
    expect(frankfurt.bodyOf(victim).equals(before)).toBe(true);
  });
});

describe("a store that fails", () => {
  it("by being down is left out and told", async () => {
    const away = faulty(frankfurt);
    away.isDown();
    const report = await replicateAll(house, [dubai, away]);
    expect(report.copies).toEqual([]);
    expect(report.down.map(({ store }) => store)).toEqual(["frankfurt"]);
  });

  it("by being full keeps what it has, promises nothing, and holds up no other", async () => {
    const sydney = memoryStore("sydney", house.clock);
    const full = faulty(frankfurt);
    full.every("create").failsAfter({ bytes: 200_000, code: "store/full" });
    const report = await replicateAll(house, [dubai, full, sydney]);
    expect(report.down).toMatchObject([{ store: "frankfurt", failure: { code: "store/full" } }]);
    expect(recordsIn(frankfurt)).toEqual([]);
    expect(recordsIn(sydney)).toEqual(backups);
    expect(brokenPromises(sydney)).toEqual([]);
  });

  it("as the source of one object costs that backup alone", async () => {
    const chunk = dubai.keys().find((key) => key.includes("/chunks/")) ?? "";
    const only = oneOfEach(dubai, idOf(0))["manifest"] ?? "";
    dubai.lose(only);
    const report = await replicateAll(house, [dubai, frankfurt]);
    expect(report.copies.map(({ result }) => result)).toEqual(["lost", "copied"]);
    dubai.lose(chunk);
    expect(brokenPromises(frankfurt)).toEqual([]);
  });
});

describe("a replicate that is cut off", () => {
  it("at any call of any store leaves promise 1 intact, and the next one ends the work", async () => {
    const source = dubai.copy();
    const run = async (stopAfter: number): Promise<number> => {
      frankfurt = memoryStore("frankfurt", house.clock);
      let count = 0;
      const stores = [faulty(source), faulty(frankfurt)];
      for (const one of stores) {
        const push = one.calls.push.bind(one.calls);
        one.calls.push = (...added) => {
          count += 1;
          if (count > stopAfter) for (const store of stores) store.isDown();
          return push(...added);
        };
      }
      await replicateAll(house, stores).catch(() => undefined);
      return count;
    };
    const total = await run(Number.POSITIVE_INFINITY);
    expect(recordsIn(frankfurt)).toEqual(backups);
    for (let stop = 0; stop <= total; stop += 1) {
      await run(stop);
      expect(brokenPromises(frankfurt)).toEqual([]);
      await replicateAll(house, [source, frankfurt]);
      expect(recordsIn(frankfurt)).toEqual(backups);
      expect(brokenPromises(frankfurt)).toEqual([]);
    }
  });
});
