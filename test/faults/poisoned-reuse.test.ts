/**
 * A stolen host that may sign records puts other bytes under the names of a tenant's own rows. Later backups of honest
 * hosts reuse them once; the first verification tells which they are, and none after that names them (trap 23). Nor can
 * it spoil the chain of records for those who come after it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { sha256 } from "../../src/base/digest.ts";
import { Failure } from "../../src/base/failure.ts";
import { newHostIdentity, recipientOf } from "../../src/keys/host-keys.ts";
import { failed } from "../../src/model/check.ts";
import type { InventoryLine } from "../../src/model/documents.ts";
import type { BackupId, ObjectKey } from "../../src/model/ids.ts";
import { chunkKey, parseChunkKey, recordKey } from "../../src/model/layout.ts";
import { encodeManifest } from "../../src/repository/manifest.ts";
import { readProofs } from "../../src/repository/proofs.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import { ensureDescriptor } from "../../src/stores/describe.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import type { TryOut } from "../../src/verify/trial.ts";
import type { VerifyReport } from "../../src/verify/report.ts";
import { verifyCopy } from "../../src/verify/verify-copy.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordIn, writeLie } from "../support/lying-record.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, type House, never, readAll, rows } from "../support/repository-fixture.ts";
import { verifyDesk } from "../support/verify-desk.ts";

const text = rows(41, 300_000);

let house: House;
let sealing: ReturnType<typeof startSealing>;
let dubai: MemoryStore;
let frankfurt: MemoryStore;

beforeAll(async () => {
  house = await buildHouse();
  sealing = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
});
afterAll(async () => {
  await sealing[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  for (const store of [dubai, frankfurt]) await ensureDescriptor(store, systemChance, house.clock, never);
});

async function backUp(): Promise<BackupId> {
  const { backup } = await house.backUp([dubai, frankfurt], { rows: text });
  house.clock.advance(60_000);
  return backup;
}

/** The recipient of the tenant, or of somebody else. */
async function recipient(of: "tenant" | "stranger", backup: BackupId): Promise<string> {
  if (of === "stranger") return (await newHostIdentity()).recipient;
  const { identity } = (await house.open([dubai], backup)).keys;
  return recipientOf(identity ?? "");
}

/** A record of the stolen host's that names such bytes in place of those of the first chunk; returns their key. */
async function poison(good: BackupId, sealed: Uint8Array): Promise<ObjectKey> {
  const poisoned: ObjectKey[] = [];
  const twist = (line: InventoryLine): InventoryLine => {
    const chunk = parseChunkKey(line.key);
    if (chunk === null || poisoned.length > 0) return line;
    const digest = sha256(sealed);
    const key = chunkKey(house.tenant, { ...chunk, digest });
    for (const store of [dubai, frankfurt]) store.overwrite(key, sealed);
    poisoned.push(key);
    return { ...line, key, sha256: digest, bytes: sealed.length };
  };
  await writeLie(house, [dubai, frankfurt], good, twist);
  house.clock.advance(60_000);
  const [key] = poisoned;
  if (key === undefined) throw new Error("nothing was poisoned");
  return key;
}

const readRows: TryOut = async (image, wait) => {
  for await (const part of image.read("rows", null, wait)) part.at(0);
  return { checks: [], notes: [] };
};

async function verified(
  backup: BackupId,
  tryOut: TryOut = readRows,
  store: WholeStore = dubai,
): Promise<VerifyReport> {
  const order = { tenant: house.tenant, backup, store, tryOut, proofStores: [dubai, frankfurt] };
  const report = await verifyCopy(verifyDesk({ house, sealing }, [dubai]), order, never);
  house.clock.advance(60_000);
  return report;
}

async function named(backup: BackupId): Promise<readonly ObjectKey[]> {
  return [...(await house.open([dubai], backup)).inventory.keys()];
}

describe.each([
  ["other rows of the tenant's", "tenant", Buffer.from("what the rows never were\n")],
  ["bytes that are no sealed chunk", "nobody", Buffer.from("garbage")],
  ["rows sealed to a stranger", "stranger", Buffer.from(text)],
] as const)("under the name of a chunk, %s", (_what, of, plain) => {
  it("are refuted, told in the proof, and in no backup after that", async () => {
    const good = await backUp();
    const sealed =
      of === "nobody"
        ? plain
        : (await sealing.sealDocument(plain, [await recipient(of, good)], 3, never)).body;
    const key = await poison(good, sealed);
    const honest = await backUp();
    expect(await named(honest)).toContain(key);

    const report = await verified(honest);
    expect(report).toMatchObject({ verdict: "refuted", misnamed: 1 });
    const lie = { subject: `object ${key}`, difference: "is not what it is named for" };
    expect(report.checks.find(({ name }) => name === "copy")?.findings).toContainEqual(lie);
    const [proof] = await readProofs(house.tenant, frankfurt, house.library([frankfurt]), never);
    expect(proof).toMatchObject({ backup: honest, damaged: [], misnamed: [key] });

    const after = await backUp();
    expect(await named(after)).not.toContain(key);
    expect((await readAll(await house.open([frankfurt], after), "rows")).toString()).toBe(text);
    expect((await verified(after)).checks.find(({ name }) => name === "copy")?.outcome).toBe("passed");
  });
});

it.for(["wait/expired", "load/failed", "scratch/lost"] as const)(
  "are told where the trial itself could not end (%s), which refutes nothing",
  async (code) => {
    const good = await backUp();
    const key = await poison(good, Buffer.from("garbage"));
    const honest = await backUp();
    const broken: TryOut = () => Promise.reject(new Failure(code, "what the rows may have brought about"));
    const report = await verified(honest, broken);
    expect([report.verdict, report.error?.code]).toEqual(["inconclusive", code]);
    expect(report.misnamed).toBe(1);
    expect(report.notes.join()).toContain(
      "not what they are named for: 1 object; a host that signs records lied",
    );
    expect(await named(await backUp())).not.toContain(key);
  },
);

it("are not looked for where this machine alone was in the way, as that would read every object once more", async () => {
  const key = await poison(await backUp(), Buffer.from("garbage"));
  const honest = await backUp();
  const full: TryOut = () => Promise.reject(new Failure("scratch/room", "no room"));
  const store = faulty(dubai);
  expect(await verified(honest, full, store)).toMatchObject({
    verdict: "inconclusive",
    misnamed: 0,
    notes: [],
  });
  expect(store.calls.filter((call) => call.operation === "read" && call.key === key)).toHaveLength(1);
});

describe("an inventory with a manifest that opens, which lies about the chunks of another backup", () => {
  it.each([
    ["by their digests", (line: InventoryLine) => ({ ...line, sha256: "0".repeat(64) })],
    ["by their lengths", (line: InventoryLine) => ({ ...line, bytes: line.bytes - 1 })],
  ])("%s is refuted, and accuses none of them", async (_how, twisted) => {
    const good = await backUp();
    const of = await recipient("tenant", good);
    const { manifest } = await house.open([dubai], good);
    const lie = await writeLie(
      house,
      [dubai, frankfurt],
      good,
      (line) => (parseChunkKey(line.key) === null ? line : twisted(line)),
      async (backup) =>
        (await sealing.sealDocument(encodeManifest({ ...manifest, backup }), [of], 3, never)).body,
    );
    expect((await verified(lie)).verdict).toBe("refuted");
    const [proof] = await readProofs(house.tenant, dubai, house.library([dubai]), never);
    expect(proof).toMatchObject({ backup: lie, verdict: "refuted", damaged: [] });
    expect(proof?.misnamed).toBeUndefined();
    const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
    const states = backups.find(({ backup }) => backup === good)?.copies;
    expect([...(states?.values() ?? [])].map(({ state }) => state)).toEqual(["present", "present"]);
  });
});

it("cannot count so high that nobody believes the backups after it", async () => {
  const stolen = await backUp();
  const record = { ...recordIn(dubai, house, stolen), counter: Number.MAX_SAFE_INTEGER };
  const signed = await house.signer.sign("record", record);
  for (const store of [dubai, frankfurt]) store.overwrite(recordKey(house.tenant, stolen), signed);
  const honest = [await backUp(), await backUp()];
  const { backups, gaps } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  expect(backups.map(({ backup, suspect }) => [backup, suspect])).toEqual([
    [honest[1], false],
    [honest[0], false],
    [stolen, false],
  ]);
  expect(gaps).toEqual([]);
  expect(recordIn(dubai, house, honest[1] ?? stolen).previous?.backup).toBe(honest[0]);
});

it("accuses no chunk of a copy in which only rows differ", async () => {
  const good = await backUp();
  const differ: TryOut = () =>
    Promise.resolve({
      checks: [failed("tables", 1, [{ subject: "table t", difference: "a row" }])],
      notes: [],
    });
  expect((await verified(good, differ)).verdict).toBe("refuted");
  const [proof] = await readProofs(house.tenant, dubai, house.library([dubai]), never);
  expect(proof?.misnamed).toBeUndefined();
});
