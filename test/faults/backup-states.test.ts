/** What is said of a tenant's copies when a store lies about itself, is down, or a proof has found it damaged (promises 2 and 7). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backupId, objectKey, type StoreName } from "../../src/model/ids.ts";
import { descriptorKey, parseChunkKey } from "../../src/model/layout.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, descriptorOf, type House, markOf, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
});

async function backUp(): Promise<string> {
  const { backup } = await house.backUp([dubai, frankfurt], { rows: rows(4, 600_000) });
  house.clock.advance(60_000);
  return backup;
}

function statesNow(): ReturnType<typeof tenantStates> {
  return tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
}

async function stateOf(backup: string, store: StoreName): Promise<object | undefined> {
  const { backups } = await statesNow();
  return backups.find((one) => one.backup === backup)?.copies.get(store);
}

async function prove(
  backup: string,
  verdict: "proven" | "refuted",
  damaged: readonly string[],
): Promise<void> {
  const copy = await house.open([dubai], backupId.parse(backup));
  await writeProof(
    {
      proof: {
        format: { name: "holdfast-proof", version: 1 },
        tenant: house.tenant,
        backup: copy.record.backup,
        store: frankfurt.name,
        storeId: markOf(frankfurt),
        record: copy.recordSha256,
        verdict,
        at: house.clock.now().toISOString(),
        seconds: 1,
        host: "test-host",
        version: "0.1.0",
        checks: [],
        excluded: 0,
        damaged: damaged.map((key) => objectKey.parse(key)),
      },
      detail: { findings: [] },
      recipient: copy.keys.recipient,
      stores: [dubai, frankfurt],
    },
    { signer: house.signer, sealer: house.workshop.sealer },
    never,
  );
  house.clock.advance(60_000);
}

describe("a holdfast.json that cannot be used", () => {
  it("hides no backup: the copies are whole, proofs do not count, and both is told", async () => {
    const backup = await backUp();
    await prove(backup, "proven", []);
    for (const bad of ["junk", '{"format":{"name":"holdfast-store","version":9}}']) {
      frankfurt.overwrite(descriptorKey, Buffer.from(bad));
      const { backups, notes, down } = await statesNow();
      expect(backups[0]?.copies.get(frankfurt.name)).toEqual({ state: "present", proof: null });
      expect(notes.map(({ store, note }) => `${store}: ${note}`)).toEqual([
        expect.stringMatching(
          /^frankfurt: holdfast\.json of frankfurt .* restore takes them with --allow-unproven/,
        ),
      ]);
      expect(down).toEqual([]);
    }
  });

  it("hides none either where it is read otherwise than the store says each time", async () => {
    const backup = await backUp();
    frankfurt.overwrite(descriptorKey, descriptorOf(frankfurt));
    const shortened = faulty(frankfurt);
    shortened.every("read", descriptorKey).truncatesTo(7);
    const { backups, notes } = await tenantStates(house.tenant, house.library([shortened]), never);
    expect(backups).toMatchObject([{ backup }]);
    expect(backups[0]?.copies.get(frankfurt.name)).toEqual({ state: "present", proof: null });
    expect(notes).toMatchObject([{ note: expect.stringContaining("holdfast.json in frankfurt was read") }]);
  });
});

describe("one place under two names", () => {
  it("is told, since its copies are one copy", async () => {
    await backUp();
    expect((await statesNow()).notes).toEqual([]);
    frankfurt.overwrite(descriptorKey, descriptorOf(dubai));
    const { notes } = await statesNow();
    expect(notes).toEqual([
      {
        store: frankfurt.name,
        backup: null,
        note: "frankfurt is the same place as dubai: both have one store id, so that a copy in both is one copy",
      },
    ]);
  });
});

describe("objects that a proof found damaged", () => {
  it("count against every backup that names them, until a later proof of it", async () => {
    const old = await backUp();
    const recent = await backUp();
    const victim = frankfurt.keys().find((key) => parseChunkKey(key) !== null) ?? "";
    await prove(recent, "refuted", [victim]);
    expect(await stateOf(recent, frankfurt.name)).toMatchObject({ state: "damaged" });
    expect(await stateOf(old, frankfurt.name)).toEqual({ state: "damaged", proof: null });
    expect(await stateOf(old, dubai.name)).toMatchObject({ state: "present" });
    await prove(old, "proven", []);
    expect(await stateOf(old, frankfurt.name)).toMatchObject({ state: "present" });
    expect(await stateOf(recent, frankfurt.name)).toMatchObject({ state: "damaged" });
  });
});

describe("backups of one second", () => {
  it("are told newest first, whatever chance put into their ids", async () => {
    const backUpWith = async (byte: number): Promise<string> => {
      const chance = (bytes: number): Buffer => Buffer.alloc(bytes, byte);
      const { backup } = await house.backUp([dubai], { rows: rows(4, 1000) }, { workshop: { chance } });
      house.clock.advance(100);
      return backup;
    };
    const [older, newer] = [await backUpWith(0), await backUpWith(255)];
    expect(older > newer).toBe(true);
    const { backups } = await statesNow();
    expect(backups.map(({ backup }) => backup)).toEqual([newer, older]);
  });
});

describe("stores that do not answer", () => {
  it("are named when some do, and a failure when none does: silence is not health", async () => {
    await backUp();
    const [one, two] = [faulty(dubai), faulty(frankfurt)];
    const library = house.library([one, two]);
    two.isDown();
    const { backups, down } = await tenantStates(house.tenant, library, never);
    expect(backups).toHaveLength(1);
    expect(down.map(({ store }) => store)).toEqual(["frankfurt"]);
    one.isDown();
    await expect(tenantStates(house.tenant, library, never)).rejects.toMatchObject({
      code: "store/quorum",
      message: expect.stringMatching(/^no store says what is held of acme: dubai: .*; frankfurt: /),
    });
  });
});

describe("an erased tenant", () => {
  it("is told to be erased", async () => {
    await backUp();
    const at = house.clock.now().toISOString();
    const grave = { format: { name: "holdfast-erased", version: 1 }, tenant: house.tenant, at };
    dubai.overwrite(`tenants/${house.tenant}/erased.jws`, await house.signer.sign("removal", grave));
    const { notes } = await statesNow();
    expect(notes).toEqual([{ store: "dubai", backup: null, note: `tenant acme was erased at ${at}` }]);
  });
});
