/** A copy in which more is wrong than one signed document can name: the proof stays readable, and nothing that was found is forgotten (trap 23). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { findingsList, type Proof, proof } from "../../src/model/documents.ts";
import { type ObjectKey, objectKey } from "../../src/model/ids.ts";
import { chunkKey, findingsPrefix, parseChunkKey } from "../../src/model/layout.ts";
import { damagedKeys, misnamedKeys, readStatements } from "../../src/repository/known-damage.ts";
import { newestProof } from "../../src/repository/proofs.ts";
import { signReadable } from "../../src/repository/signed.ts";
import { tenantStates } from "../../src/repository/states.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { buildHouse, type House, markOf, never, rows } from "../support/repository-fixture.ts";

let house: House;
let dubai: MemoryStore;
let frankfurt: MemoryStore;
let refutation: Omit<Proof, "detail">;
let recipient: string;

beforeAll(async () => {
  house = await buildHouse();
  dubai = memoryStore("dubai", house.clock);
  frankfurt = memoryStore("frankfurt", house.clock);
  const { backup } = await house.backUp([dubai, frankfurt], { rows: rows(7, 300_000) });
  const copy = await house.open([dubai], backup);
  ({ recipient } = copy.keys);
  refutation = {
    format: { name: "holdfast-proof", version: 1 },
    tenant: house.tenant,
    backup,
    store: frankfurt.name,
    storeId: markOf(frankfurt),
    record: copy.recordSha256,
    verdict: "refuted",
    at: house.clock.now().toISOString(),
    seconds: 1,
    host: "test-host",
    version: "0.1.0",
    checks: [],
    excluded: 0,
    damaged: [],
  };
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Names of chunks such as a copy of a hundred gigabytes has. */
function manyKeys(what: string, length: number): ObjectKey[] {
  return Array.from({ length }, (_, at) => {
    const digest = sha256(Buffer.from(`${what} ${String(at)}`));
    return chunkKey(house.tenant, { generation: 1, name: digest, digest });
  });
}

it("is told whole: the first of it in the proof, the rest in lists that count as the proof does", async () => {
  const real = frankfurt.keys().filter((key) => parseChunkKey(key) !== null);
  const damaged = [...manyKeys("damaged", 41_000), ...real.map((key) => objectKey.parse(key))];
  const misnamed = manyKeys("misnamed", 21_000);
  const order = { detail: {}, recipient, stores: [dubai, frankfurt] };
  const tools = { signer: house.signer, sealer: house.workshop.sealer };
  await writeProof({ ...order, proof: { ...refutation, damaged, misnamed } }, tools, never);

  const said = await readStatements(house.tenant, dubai, house.library([dubai]), never);
  expect(newestProof(said.proofs, refutation)).toMatchObject({ verdict: "refuted" });
  expect(damagedKeys(said, frankfurt.name, refutation.storeId)).toEqual(new Set(damaged));
  expect(misnamedKeys(said)).toEqual(new Set(misnamed));
  const { backups } = await tenantStates(house.tenant, house.library([dubai, frankfurt]), never);
  expect([...(backups[0]?.copies.values() ?? [])].map(({ state }) => state)).toEqual(["present", "damaged"]);
});

it("is read by releases that know no list of chunks that somebody lied about", () => {
  const before = findingsList.omit({ misnamed: true });
  const lists = dubai.keys().filter((key) => key.startsWith(findingsPrefix(house.tenant)));
  for (const key of lists) {
    const [, payload = ""] = dubai.bodyOf(key).toString("latin1").split(".");
    const list = before.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
    expect(list.damaged.length + list.healed.length).toBeLessThanOrEqual(20_000);
  }
  expect(lists).toHaveLength(3);
});

it("is never signed in a document that every reader would pass over", async () => {
  const detail = { bytes: 0, sha256: sha256(Buffer.alloc(0)) };
  const content = { ...refutation, detail, host: "x".repeat(13_000_000) };
  const signing = signReadable(house.signer, { purpose: "proof", schema: proof }, content);
  await expect(signing).rejects.toMatchObject({
    code: "internal/bug",
    message: expect.stringContaining("longer than any document"),
  });
});
