/** What a verification signs, and what it does not (promise 4). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTrustRing } from "../../src/keys/signing.ts";
import { readProofs } from "../../src/repository/proofs.ts";
import type { VerifyReport } from "../../src/verify/report.ts";
import type { TryOut } from "../../src/verify/trial.ts";
import { verifyCopy, type VerifyDesk } from "../../src/verify/verify-copy.ts";
import { type BackedUpHouse, backedUpHouse } from "../support/backed-up-house.ts";
import type { MemoryStore } from "../support/memory-store.ts";
import { emptyFingerprint, never } from "../support/repository-fixture.ts";
import { allEqual, verifyDesk } from "../support/verify-desk.ts";

let here: BackedUpHouse;

beforeAll(async () => {
  here = await backedUpHouse();
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
});

async function verified(
  store: MemoryStore,
  tryOut: TryOut,
  change: Partial<VerifyDesk> = {},
  backup = here.backup,
): Promise<VerifyReport> {
  const { house } = here;
  const order = { tenant: house.tenant, backup, store, tryOut, proofStores: [store] };
  return verifyCopy({ ...verifyDesk(here, [store]), ...change }, order, never);
}

it("writes no proof once its key is trusted no more, though it was when the trial began", async () => {
  const { house } = here;
  const store = here.dubai.copy();
  const began = house.clock.now();
  const until = new Date(began.getTime() + 30_000);
  const trust = await createTrustRing([
    { jwk: house.publicJwk, may: ["record", "key"] },
    { jwk: house.publicJwk, may: ["proof"], until },
  ]);
  const slow: TryOut = async (image, wait) => {
    house.clock.advance(60_000);
    return allEqual(image, wait);
  };
  const before = store.keys();
  const report = await verified(store, slow, { library: { trust, clock: house.clock } });
  expect(report).toMatchObject({ verdict: "proven", proofIn: [] });
  expect(report.notes.join()).toContain("the proof could not be written: ");
  expect(store.keys()).toEqual(before);
});

it("tells in the open how many things the backup leaves out, and not which", async () => {
  const { house } = here;
  const { tenant, library } = house;
  const omitted = ["one", "two"].map((name) => ({ kind: "rows", name, reason: "as the test wished" }));
  const store = here.dubai.copy();
  const { backup } = await house.backUp(
    [store],
    { rows: "a\n" },
    { fingerprint: { ...emptyFingerprint(house.clock.now()), omitted } },
  );
  const report = await verified(store, allEqual, {}, backup);
  expect(report.excluded).toEqual(["rows one: as the test wished", "rows two: as the test wished"]);
  const [proof] = await readProofs(tenant, store, library([store]), never);
  expect(proof).toMatchObject({ backup, excluded: 2 });
  expect(JSON.stringify(proof)).not.toContain("as the test wished");
});
