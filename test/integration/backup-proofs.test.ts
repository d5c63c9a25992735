/** A proof shows beside the copy it is about, and beside no other: not of another store, record or time (promise 9; traps 25, 36). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSigner } from "../../src/keys/signing.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import type { CopyState } from "../../src/model/choose.ts";
import type { Proof } from "../../src/model/documents.ts";
import { storeName } from "../../src/model/ids.ts";
import { proofKey } from "../../src/model/layout.ts";
import type { OpenedCopy } from "../../src/repository/open-copy.ts";
import { newestProof, readProofs } from "../../src/repository/proofs.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import { readDescriptor } from "../../src/stores/describe.ts";
import { faulty } from "../support/faulty-store.ts";
import { buildHouse, described, type House, never } from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let copy: OpenedCopy;
let dubaiId: string;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  await described(house, dubai, frankfurt);
  const { backup } = await house.backUp([dubai, frankfurt], { rows: "a\n" });
  copy = await house.open([dubai], backup);
  dubaiId = (await readDescriptor(dubai, never))?.storeId ?? "";
  house.clock.advance(60_000);
});

const canary = "canary of row 4711";

async function prove(
  changes: Partial<Proof> = {},
  signer: House["signer"] = house.signer,
): ReturnType<typeof writeProof> {
  const content = {
    format: { name: "holdfast-proof" as const, version: 1 as const },
    tenant: house.tenant,
    backup: copy.record.backup,
    store: dubai.name,
    storeId: dubaiId,
    record: copy.recordSha256,
    verdict: "proven" as const,
    at: house.clock.now().toISOString(),
    seconds: 1,
    host: "test-host",
    version: "0.1.0",
    checks: [],
    excluded: 0,
    damaged: [],
    ...changes,
  };
  return writeProof(
    { proof: content, detail: { canary }, recipient: copy.keys.recipient, stores: [dubai, frankfurt] },
    { signer, sealer: house.workshop.sealer },
    never,
  );
}

async function shown(
  stores: readonly MemoryStore[] = [dubai, frankfurt],
): Promise<(CopyState["proof"] | undefined)[]> {
  const { backups } = await tenantStates(house.tenant, house.library(stores), never);
  return ["dubai", "frankfurt"].map((name) => backups[0]?.copies.get(storeName.parse(name))?.proof);
}

async function states(): Promise<(CopyState["state"] | undefined)[]> {
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  return ["dubai", "frankfurt"].map((name) => backups[0]?.copies.get(storeName.parse(name))?.state);
}

describe("a proof", () => {
  it("shows beside its copy alone, whichever store it is read from", async () => {
    const { proof, stores } = await prove();
    expect(stores).toEqual(["dubai", "frankfurt"]);
    const beside = [{ verdict: "proven", at: proof.at }, null];
    expect(await shown()).toEqual(beside);
    for (const key of dubai.keys().filter((one) => one.includes("/proofs/"))) dubai.lose(key);
    expect(await shown()).toEqual(beside);
  });

  it("gives way to a newer one", async () => {
    await prove();
    house.clock.advance(60_000);
    await prove({ verdict: "refuted" });
    expect((await shown())[0]?.verdict).toBe("refuted");
  });

  it("outweighs a newer one that could decide nothing", async () => {
    await prove();
    house.clock.advance(60_000);
    await prove({ verdict: "inconclusive" });
    expect((await shown())[0]?.verdict).toBe("proven");
  });

  it("that refutes and names altered objects shows the copy as damaged, though every size is right", async () => {
    const altered = [...copy.inventory.keys()].filter((key) => key.includes("/chunks/"));
    expect(altered.length).toBeGreaterThan(0);
    await prove({ verdict: "refuted", damaged: altered });
    expect(await states()).toEqual(["damaged", "present"]);
    house.clock.advance(60_000);
    // Once healed, a proof says so; no listing could.
    await prove();
    expect(await states()).toEqual(["present", "present"]);
  });

  it("that refutes and names no object leaves the copy present: its bytes are what was recorded", async () => {
    await prove({ verdict: "refuted" });
    expect(await states()).toEqual(["present", "present"]);
  });

  it("of the same second lies beside the other", async () => {
    const [one, other] = [await prove(), await prove({ verdict: "refuted" })];
    expect(other.proof.at > one.proof.at).toBe(true);
    expect(dubai.keys().filter((key) => /\/proofs\/.*\.jws$/.test(key)).length).toBe(2);
    expect((await shown())[0]?.verdict).toBe("refuted");
  });

  it("of another record, of another store of that name, or from the future shows nowhere", async () => {
    await prove({ record: "0".repeat(64) });
    await prove({ storeId: "a".repeat(16) });
    await prove({ at: new Date(house.clock.now().getTime() + 700_000).toISOString() });
    expect(await shown()).toEqual([null, null]);
  });

  it("is about one store by its name too, where neither bears an id", async () => {
    const { proof } = await prove({ storeId: "" });
    expect(newestProof([proof], proof)).toBe(proof);
    expect(newestProof([proof], { ...proof, store: frankfurt.name })).toBeNull();
  });

  it.each([
    ["tenant", "bravo"],
    ["backup", "20261121T000000Z-aaaaaa"],
    ["store", "frankfurt"],
    ["at", "2026-11-21T00:00:00.000Z"],
  ])("whose path says another %s than it does itself is passed over", async (field, other) => {
    const { proof } = await prove();
    const place = proofKey({ ...proof, at: new Date(proof.at) });
    const { tenant, library } = house;
    const believed = () => readProofs(tenant, dubai, library([dubai]), never);
    expect(await believed()).toEqual([proof]);
    dubai.overwrite(place, await house.signer.sign("proof", { ...proof, [field]: other }));
    expect(await believed()).toEqual([]);
  });

  it("by somebody unknown, altered, or under another path shows nowhere", async () => {
    const stranger = await createSigner((await newSigningKey()).privateJwk);
    await prove({}, stranger);
    expect(await shown()).toEqual([null, null]);
    house.clock.advance(60_000);
    await prove();
    for (const store of [dubai, frankfurt]) {
      for (const key of store.keys().filter((one) => /\/proofs\/.*\.jws$/.test(one))) {
        store.overwrite(key.replace("-dubai.jws", "-frankfurt.jws"), store.bodyOf(key));
        const body = store.bodyOf(key);
        body.writeUInt8(body.readUInt8(150) ^ 1, 150);
        store.overwrite(key, body);
      }
    }
    expect(await shown()).toEqual([null, null]);
  });

  it("says nothing of a copy whose store is down", async () => {
    await prove();
    const gone = faulty(dubai);
    gone.isDown();
    const { backups, notes } = await tenantStates(house.tenant, house.library([gone, frankfurt]), never);
    expect([...(backups[0]?.copies.values() ?? [])]).toEqual([
      { state: "missing", proof: null },
      { state: "present", proof: null },
    ]);
    expect(notes.map(({ store }) => store)).toEqual(["dubai"]);
  });

  it("is written where it can be; nowhere is a failure", async () => {
    const gone = faulty(dubai);
    gone.every("create").failsWith("store/full");
    const order = {
      proof: { ...(await prove()).proof, at: new Date(house.clock.now().getTime() + 60_000).toISOString() },
      detail: {},
      recipient: copy.keys.recipient,
    };
    const tools = { signer: house.signer, sealer: house.workshop.sealer };
    const written = await writeProof({ ...order, stores: [gone, frankfurt] }, tools, never);
    expect(written.stores).toEqual(["frankfurt"]);
    expect(written.down.map(({ failure }) => failure.code)).toEqual(["store/full"]);
    await expect(writeProof({ ...order, stores: [gone] }, tools, never)).rejects.toMatchObject({
      code: "store/full",
    });
  });

  it("holds its details sealed, and nothing of them in the open", async () => {
    await prove();
    for (const key of dubai.keys()) expect(dubai.bodyOf(key).includes(canary)).toBe(false);
    const detail = dubai.keys().find((key) => key.endsWith(".detail.age")) ?? "";
    expect(dubai.bodyOf(detail).toString("latin1")).toMatch(/^age-encryption\.org\/v1\n/);
  });
});

describe("what a store shows in the open", () => {
  it("names no stream and holds no row", async () => {
    await house.backUp([dubai], { "sales.secret-orders": `${canary}\n` });
    const text = dubai
      .keys()
      .map((key) => `${key} ${dubai.bodyOf(key).toString("latin1")}`)
      .join("\n");
    expect(text.includes("secret-orders")).toBe(false);
    expect(text.includes(canary)).toBe(false);
  });
});
