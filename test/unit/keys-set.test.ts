/** A tenant's key sets: sealed to the right roles, the same bytes in every store, and never believed without a signature (traps 24, 31, 32; promise 9). */
import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { newHostIdentity } from "../../src/keys/host-keys.ts";
import { currentKeySet, type KeySet, readKeySet } from "../../src/keys/key-set.ts";
import type { KeyReader, KeyStore } from "../../src/keys/key-store.ts";
import { ensureKeySet, rotateKeySet } from "../../src/keys/mint-key-set.ts";
import { idKeyCommitment, openKeySet } from "../../src/keys/open-key-set.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import { createSigner, createTrustRing } from "../../src/keys/signing.ts";
import { type StoreName, tenantId } from "../../src/model/ids.ts";
import { keySetKeys } from "../../src/model/layout.ts";
import { faulty } from "../support/faulty-store.ts";
import { keysFixture } from "../support/keys-fixture.ts";
import { type MemoryStore, memoryStore } from "../support/memory-store.ts";
import { patient } from "../support/sealing-data.ts";

const acme = tenantId.parse("acme");
const bravo = tenantId.parse("bravo");
const fleet = await keysFixture();
const { mint, trust } = fleet;
const code = (expected: string) => expect.objectContaining({ code: expected });

const oneIsEnough = { away: new Set<StoreName>(), quorum: 1 };

let dubai: MemoryStore;
let frankfurt: MemoryStore;

beforeEach(() => {
  dubai = memoryStore("dubai", fleet.clock);
  frankfurt = memoryStore("frankfurt", fleet.clock);
});

async function born(): Promise<KeySet> {
  return (await ensureKeySet(acme, [dubai, frankfurt], mint, patient)).keySet;
}

describe("a birth", () => {
  it("puts the same three objects into every store, the statement last", async () => {
    const written: string[] = [];
    const watched = faulty(dubai);
    const keySet = (await ensureKeySet(acme, [watched, frankfurt], mint, patient)).keySet;
    for (const { operation, key } of watched.calls) if (operation === "create") written.push(key);
    const { identity, id, statement } = keySetKeys(acme, 1);
    expect([...new Set(written)]).toEqual([identity, id, statement]);
    expect(dubai.keys()).toEqual(frankfurt.keys());
    for (const { key, body } of keySet.objects) {
      expect(dubai.bodyOf(key).equals(body)).toBe(true);
      expect(frankfurt.bodyOf(key).equals(body)).toBe(true);
    }
    expect(keySet.statement).toMatchObject({
      tenant: "acme",
      generation: 1,
      createdAt: "2026-11-21T01:30:00.000Z",
    });
  });

  it("happens once: the next call finds it", async () => {
    const first = await born();
    const watched = faulty(dubai);
    const again = await ensureKeySet(acme, [watched, frankfurt], mint, patient);
    expect(again.keySet).toEqual(first);
    expect(watched.calls.filter(({ operation }) => operation === "create")).toEqual([]);
    expect(dubai.keys()).toHaveLength(3);
  });

  it.each(["identity", "id", "statement"] as const)(
    "is found, and nobody accused, although the line spoils the %s in passing",
    async (name) => {
      const first = await born();
      const [near, far] = [faulty(dubai), faulty(frankfurt)];
      for (const store of [near, far]) store.next("read", keySetKeys(acme, 1)[name]).flipsBit(800);
      const again = await ensureKeySet(acme, [near, far], mint, patient);
      expect(again.keySet).toEqual(first);
      expect(again.refusals).toEqual([]);
      expect(again.places.map(({ failure }) => failure)).toEqual([null, null]);
      expect(dubai.keys()).toHaveLength(3);
    },
  );

  it("in a store that cannot create only is none where another host wrote over a part of it", async () => {
    const { identity, statement } = keySetKeys(acme, 1);
    const careless: KeyStore = {
      name: dubai.name,
      read: (...call) => dubai.read(...call),
      versions: (...call) => dubai.versions(...call),
      list: (...call) => dubai.list(...call),
      create: async (key, body) => {
        dubai.overwrite(key, body);
        if (key === statement) dubai.overwrite(identity, Buffer.from("of the other host"));
      },
      clock: (wait) => dubai.clock(wait),
    };
    const { keySet } = await ensureKeySet(acme, [careless], mint, patient);
    expect(keySet.generation).toBe(2);
    for (const { key, body } of keySet.objects) expect(dubai.bodyOf(key).equals(body)).toBe(true);
  });

  it("gives a store that lacks the set the same bytes", async () => {
    const { objects } = await born();
    const tokyo = memoryStore("tokyo", fleet.clock);
    frankfurt.lose(objects[1].key);
    const { places } = await ensureKeySet(acme, [dubai, frankfurt, tokyo], mint, patient);
    expect(places.map(({ failure }) => failure)).toEqual([null, null, null]);
    expect(tokyo.keys()).toEqual(dubai.keys());
    expect(frankfurt.bodyOf(objects[1].key).equals(objects[1].body)).toBe(true);
  });

  it("is dated with a time that any one of the stores agrees with", async () => {
    const behind = memoryStore("tokyo", { now: () => new Date("2025-11-21T01:30:00Z") });
    for (const stores of [
      [behind.copy(), dubai],
      [frankfurt, behind.copy()],
    ]) {
      const { keySet, refusals } = await ensureKeySet(acme, stores, mint, patient);
      const { payload } = await trust.verify("key", keySet.objects[2].body);
      expect(payload).toMatchObject({ createdAt: fleet.clock.now().toISOString() });
      expect(refusals).toEqual([]);
    }
  });

  it("does not happen where no store agrees with this host's clock, and leaves nothing behind", async () => {
    const behind = memoryStore("tokyo", { now: () => new Date("2025-11-21T01:30:00Z") });
    const silent = faulty(dubai);
    silent.every("clock").failsWith("store/full");
    for (const stores of [[behind], [behind, silent], [silent, behind]]) {
      await expect(ensureKeySet(acme, stores, mint, patient)).rejects.toMatchObject({ code: "store/clock" });
    }
    await expect(ensureKeySet(acme, [silent], mint, patient)).rejects.toMatchObject({ code: "store/full" });
    expect([...behind.keys(), ...dubai.keys()]).toEqual([]);
  });

  it("goes on without a second store that is down, and says so", async () => {
    const down = faulty(frankfurt);
    down.every("create").failsWith("store/unreachable");
    down.every("list").failsWith("store/unreachable");
    const { keySet, places, refusals } = await ensureKeySet(acme, [dubai, down], mint, patient, oneIsEnough);
    expect(keySet.generation).toBe(1);
    expect(places).toEqual([
      { store: "dubai", failure: null },
      { store: "frankfurt", failure: code("store/unreachable") },
    ]);
    expect(refusals).toEqual([{ store: "frankfurt", generation: null, failure: code("store/unreachable") }]);
  });

  it("without its first store happens in the second, as the second's own generation", async () => {
    const down = faulty(dubai);
    down.isDown();
    const { keySet, places } = await ensureKeySet(acme, [down, frankfurt], mint, patient, oneIsEnough);
    expect(keySet.generation).toBe(2);
    expect(places).toEqual([
      { store: "dubai", failure: code("store/unreachable") },
      { store: "frankfurt", failure: null },
    ]);
    down.comesBack();
    const again = await ensureKeySet(acme, [down, frankfurt], mint, patient, oneIsEnough);
    expect(again.keySet).toEqual(keySet);
    expect(dubai.keys()).toEqual(frankfurt.keys());
  });

  it("moves on to the next store when the first one fails halfway, and nobody uses what is left there", async () => {
    const dying = faulty(dubai);
    dying.next("create", ".jws").failsWith("store/full");
    const { keySet, places } = await ensureKeySet(acme, [dying, frankfurt], mint, patient, oneIsEnough);
    expect(keySet.generation).toBe(2);
    expect(places.map(({ failure }) => failure)).toEqual([null, null]);
    expect(dubai.keys()).toContain(keySetKeys(acme, 1).identity);
    expect((await ensureKeySet(acme, [dubai, frankfurt], mint, patient)).keySet).toEqual(keySet);
  });

  it("does not ask a store that is known to be away, and gives it nothing", async () => {
    const watched = faulty(dubai);
    const terms = { away: new Set([dubai.name]), quorum: 1 };
    const { keySet, places } = await ensureKeySet(acme, [watched, frankfurt], mint, patient, terms);
    expect(keySet.generation).toBe(2);
    expect(places.map(({ store }) => store)).toEqual(["frankfurt"]);
    expect(watched.calls).toEqual([]);
  });

  it("waits for the quorum: too few cannot say that there are no keys", async () => {
    const down = faulty(dubai);
    down.isDown();
    await expect(ensureKeySet(acme, [down, frankfurt], mint, patient)).rejects.toThrow(
      code("store/unreachable"),
    );
    expect(frankfurt.keys()).toEqual([]);
  });

  it("in a store that was lost and replaced takes no generation that another store made by rotation", async () => {
    await born();
    const { keySet } = await rotateKeySet(acme, [dubai, frankfurt], mint, patient);
    const away = faulty(dubai);
    away.isDown();
    const replaced = memoryStore("frankfurt", fleet.clock);
    const twin = await ensureKeySet(acme, [away, replaced], mint, patient, oneIsEnough);
    expect([1, keySet.generation]).not.toContain(twin.keySet.generation);
  });

  it("that was cut off before its statement is left behind for the next generation", async () => {
    const dying = faulty(dubai);
    dying.next("create", ".jws").failsWith("store/unreachable");
    await expect(ensureKeySet(acme, [dying, frankfurt], mint, patient)).rejects.toThrow(
      code("store/unreachable"),
    );
    expect(dubai.keys()).toHaveLength(2);
    expect((await born()).generation).toBe(3);
  });

  it.each(["identity", ".id.", ".jws"])(
    "that is to end when it writes %s is not left half-made",
    async (part) => {
      const stop = new AbortController();
      const watched = faulty(dubai);
      const ended = async (): Promise<void> => {
        await watched.reaches("create", part);
        stop.abort(new Failure("source/permission", "the source is no good"));
      };
      // Before the object is there: a store refuses to go on for somebody who has gone.
      watched.next("create", part).takes(ended());
      await expect(ensureKeySet(acme, [watched, frankfurt], mint, { signal: stop.signal })).rejects.toThrow(
        code("source/permission"),
      );
      expect(dubai.keys()).toHaveLength(3);
      expect((await born()).generation).toBe(1);
    },
  );

  it("whose answer was lost counts: it is read back", async () => {
    const shaky = faulty(dubai);
    shaky.next("create", "identity").failsOnceDone();
    await expect(ensureKeySet(acme, [shaky, frankfurt], mint, patient)).rejects.toThrow(
      code("store/unreachable"),
    );
    expect((await born()).generation).toBe(3);
    expect(await currentKeySet(acme, [dubai], trust, patient)).not.toBeNull();
  });

  it("is refused when post-quantum and X25519 holders are mixed", async () => {
    const holders = { ...mint.holders, escrow: [(await newHostIdentity("post-quantum")).recipient] };
    await expect(ensureKeySet(acme, [dubai], { ...mint, holders }, patient)).rejects.toThrow(
      code("config/invalid"),
    );
    expect(dubai.keys()).toEqual([]);
  });

  it("gives a post-quantum identity where all holders are post-quantum", async () => {
    const later = await keysFixture("post-quantum");
    const { keySet } = await ensureKeySet(acme, [dubai], later.mint, patient);
    expect(keySet.statement.recipient).toMatch(/^age1pq1/);
    expect((await openKeySet(keySet, later.verifier.identity)).identity).toMatch(/^AGE-SECRET-KEY-PQ-1/);
  });
});

describe("the roles", () => {
  it("worker: names chunks and cannot read", async () => {
    const keys = await openKeySet(await born(), fleet.worker.identity);
    expect(keys.idKey).toHaveLength(32);
    expect(keys.identity).toBeNull();
  });

  it.each(["verifier", "restorer", "escrow"] as const)("%s: names and reads", async (role) => {
    const keySet = await born();
    const keys = await openKeySet(keySet, fleet[role].identity);
    expect(idKeyCommitment(keys.idKey ?? new Uint8Array())).toBe(keySet.statement.idKeyCommitment);
    expect(keys.identity).toMatch(/^AGE-SECRET-KEY-1/);
  });

  it("anybody else, or a host without an identity: neither", async () => {
    const stranger = await newHostIdentity();
    for (const identity of [stranger.identity, null]) {
      expect(await openKeySet(await born(), identity)).toMatchObject({ idKey: null, identity: null });
    }
  });

  it("no two tenants or generations share a key", async () => {
    const sets = [
      await born(),
      (await ensureKeySet(bravo, [dubai], mint, patient)).keySet,
      (await rotateKeySet(acme, [dubai], mint, patient)).keySet,
    ];
    expect(new Set(sets.map(({ statement }) => statement.recipient)).size).toBe(3);
    expect(new Set(sets.map(({ statement }) => statement.idKeyCommitment)).size).toBe(3);
  });
});

describe("a rotation", () => {
  it("makes the next generation the current one and leaves the old one readable", async () => {
    const old = await born();
    const { keySet } = await rotateKeySet(acme, [dubai, frankfurt], mint, patient);
    // 2 is the second store's to make, so that a birth there can never be taken for this one.
    expect(keySet.generation).toBe(3);
    expect((await currentKeySet(acme, [frankfurt], trust, patient))?.keySet.generation).toBe(3);
    expect(await readKeySet({ tenant: acme, generation: 1, store: frankfurt }, trust, patient)).toEqual(old);
  });

  it("needs every store, since any of them may know of a later generation", async () => {
    await born();
    const down = faulty(frankfurt);
    down.every("list").failsWith("store/unreachable");
    await expect(rotateKeySet(acme, [dubai, down], mint, patient)).rejects.toMatchObject({
      code: "store/unreachable",
      message: expect.stringMatching(/^frankfurt does not say which keys it holds: /),
      hint: expect.stringMatching(/^a rotation needs every store, as one that is away may hold a later/),
    });
  });

  it("passes over generations that are only begun, in whatever store", async () => {
    await born();
    frankfurt.overwrite(keySetKeys(acme, 4).id, Buffer.from("half"));
    expect((await rotateKeySet(acme, [dubai, frankfurt], mint, patient)).keySet.generation).toBe(5);
  });
});

describe("a write over a key object in a store that keeps versions", () => {
  const parts = ["identity", "id", "statement"] as const;

  it.each(parts)("does not close the copies there: the %s is read from the version below", async (part) => {
    const genuine = await born();
    const key = keySetKeys(acme, 1)[part];
    const covered = dubai.copy();
    covered.overwrite(key, Buffer.from("written over"));
    const versioned: KeyReader = {
      name: covered.name,
      list: (prefix, wait) => covered.list(prefix, wait),
      versions: async () => [
        { version: "2", current: true },
        { version: "1", current: false },
      ],
      read: (one, options, wait) => (options.version === "1" ? dubai : covered).read(one, {}, wait),
    };
    expect(await readKeySet({ tenant: acme, generation: 1, store: versioned }, trust, patient)).toEqual(
      genuine,
    );
    await expect(
      readKeySet({ tenant: acme, generation: 1, store: covered }, trust, patient),
    ).rejects.toBeInstanceOf(Failure);
  });
});

describe("a host whose keys nobody would believe", () => {
  it("neither gives birth nor rotates, and leaves nothing in the way of who may", async () => {
    const may = ["record", "proof"] as const;
    const distrusting = await createTrustRing([{ jwk: fleet.signingKey.publicJwk, may }]);
    for (const make of [ensureKeySet, rotateKeySet])
      await expect(make(acme, [dubai, frankfurt], { ...mint, trust: distrusting }, patient)).rejects.toThrow(
        code("keys/role"),
      );
    expect([...dubai.keys(), ...frankfurt.keys()]).toEqual([]);
    expect((await born()).generation).toBe(1);
  });
});

describe("a forged key set", () => {
  const { statement: statementKey } = keySetKeys(acme, 1);

  it("is refused where it is the only one: nothing is ever sealed to it", async () => {
    const thief = await keysFixture();
    await ensureKeySet(acme, [dubai], thief.mint, patient);
    await expect(currentKeySet(acme, [dubai], trust, patient)).rejects.toThrow(code("keys/signature"));
    await expect(ensureKeySet(acme, [dubai, frankfurt], mint, patient)).rejects.toThrow(
      code("keys/signature"),
    );
    expect(frankfurt.keys()).toEqual([]);
  });

  it("of a later generation is passed over, and told", async () => {
    const genuine = await born();
    const thief = await keysFixture();
    for (let generation = 0; generation < 2; generation += 1)
      await rotateKeySet(acme, [dubai], thief.mint, patient);
    const current = await currentKeySet(acme, [dubai, frankfurt], trust, patient);
    expect(current?.keySet).toEqual(genuine);
    expect(current?.refusals.map(({ generation, store }) => [generation, store])).toEqual([
      [3, "dubai"],
      [2, "dubai"],
    ]);
    expect(current?.refusals[0]?.failure).toEqual(code("keys/signature"));
  });

  it("in one store does not stand for the genuine one in another", async () => {
    const genuine = await born();
    const thief = await keysFixture();
    const forged = memoryStore("forged", fleet.clock);
    await ensureKeySet(acme, [forged], thief.mint, patient);
    for (const key of forged.keys()) dubai.overwrite(key, forged.bodyOf(key));
    expect((await currentKeySet(acme, [dubai, frankfurt], trust, patient))?.keySet).toEqual(genuine);
    const { places } = await ensureKeySet(acme, [dubai, frankfurt], mint, patient);
    expect(places[0]?.failure).toEqual(code("store/corrupt"));
    expect(places[1]?.failure).toBeNull();
  });

  it("signed by a key that may sign records but not keys is refused", async () => {
    const key = await newSigningKey();
    const recordsOnly = await createTrustRing([{ jwk: key.publicJwk, may: ["record", "proof"] }]);
    await ensureKeySet(
      acme,
      [dubai],
      {
        ...mint,
        signer: await createSigner(key.privateJwk),
        trust: await createTrustRing([{ jwk: key.publicJwk, may: ["key"] }]),
      },
      patient,
    );
    await expect(
      readKeySet({ tenant: acme, generation: 1, store: dubai }, recordsOnly, patient),
    ).rejects.toThrow("may not sign a key");
  });

  it("that is another tenant's, or another generation's, put under this path, is refused", async () => {
    await born();
    await ensureKeySet(bravo, [dubai], mint, patient);
    dubai.overwrite(statementKey, dubai.bodyOf(keySetKeys(bravo, 1).statement));
    await expect(readKeySet({ tenant: acme, generation: 1, store: dubai }, trust, patient)).rejects.toThrow(
      code("keys/signature"),
    );
    dubai.overwrite(keySetKeys(acme, 7).statement, frankfurt.bodyOf(statementKey));
    await expect(readKeySet({ tenant: acme, generation: 7, store: dubai }, trust, patient)).rejects.toThrow(
      code("keys/signature"),
    );
  });

  it("with another identity or id object than was signed is refused", async () => {
    for (const key of [keySetKeys(acme, 1).identity, keySetKeys(acme, 1).id]) {
      const { objects } = await born();
      dubai.overwrite(key, frankfurt.bodyOf(objects.find((object) => object.key !== key)?.key ?? ""));
      await expect(readKeySet({ tenant: acme, generation: 1, store: dubai }, trust, patient)).rejects.toThrow(
        code("store/corrupt"),
      );
      dubai.overwrite(key, frankfurt.bodyOf(key));
    }
  });

  it("whose signed digests lead to an id key without the commitment, or to another identity, is refused when opened", async () => {
    const acmeSet = await born();
    const bravoSet = (await ensureKeySet(bravo, [dubai], mint, patient)).keySet;
    const [identity, id, statement] = acmeSet.objects;
    const [otherIdentity, otherId] = bravoSet.objects;
    const wrongId: KeySet = { ...acmeSet, objects: [identity, otherId, statement] };
    const wrongIdentity: KeySet = { ...acmeSet, objects: [otherIdentity, id, statement] };
    await expect(openKeySet(wrongId, fleet.worker.identity)).rejects.toThrow(code("keys/signature"));
    await expect(openKeySet(wrongIdentity, fleet.escrow.identity)).rejects.toThrow(code("keys/signature"));
  });

  it("of a version or shape we do not know says so", async () => {
    const { statement } = await born();
    const resigned = async (payload: object) => {
      dubai.overwrite(statementKey, Buffer.from(await fleet.signer.sign("key", payload)));
      return readKeySet({ tenant: acme, generation: 1, store: dubai }, trust, patient);
    };
    await expect(resigned({ ...statement, format: { name: "holdfast-key", version: 2 } })).rejects.toThrow(
      code("format/unknown"),
    );
    await expect(resigned({ ...statement, recipient: "somebody" })).rejects.toThrow(code("format/invalid"));
  });
});

describe("no key set", () => {
  it("is null where every store says so, and a failure where one could not say", async () => {
    expect(await currentKeySet(acme, [dubai, frankfurt], trust, patient)).toBeNull();
    const down = faulty(frankfurt);
    down.every("list").failsWith("store/unreachable");
    await expect(currentKeySet(acme, [dubai, down], trust, patient)).rejects.toThrow(
      code("store/unreachable"),
    );
  });

  it("is not taken for absence when the wait was cancelled", async () => {
    const stopped = { signal: AbortSignal.abort() };
    await expect(currentKeySet(acme, [dubai], trust, stopped)).rejects.toThrow(code("wait/cancelled"));
  });
});
