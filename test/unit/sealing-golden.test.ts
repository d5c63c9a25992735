/** Files sealed and signed by the first release open for ever: chunks, documents and key sets of format version 1. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readIdentity } from "../../src/keys/host-keys.ts";
import { readKeySet } from "../../src/keys/key-set.ts";
import { openKeySet } from "../../src/keys/open-key-set.ts";
import { createTrustRing } from "../../src/keys/signing.ts";
import { tenantId } from "../../src/model/ids.ts";
import { keySetKeys } from "../../src/model/layout.ts";
import { unseal } from "../../src/sealing/seal.ts";
import { memoryStore } from "../support/memory-store.ts";
import { patient, seededBytes, tableRows } from "../support/sealing-data.ts";

const golden = (name: string): Buffer => readFileSync(join(import.meta.dirname, "../golden/sealed", name));
const identity = readIdentity(golden("host.agekey").toString());

describe("a sealed file of the first release", () => {
  it.each([
    ["empty.age", Buffer.alloc(0)],
    ["rows.age", Buffer.concat(tableRows("golden", 1000))],
    ["segments.age", seededBytes("golden", 131_072)],
  ])("%s opens", async (name, plain) => {
    expect((await unseal(golden(name), identity, plain.length)).equals(plain)).toBe(true);
  });
});

describe("a key set of the first release", () => {
  it("is believed, and opens", async () => {
    const tenant = tenantId.parse("golden");
    const store = memoryStore();
    const keys = keySetKeys(tenant, 1);
    store.overwrite(keys.statement, golden("1.jws"));
    store.overwrite(keys.identity, golden("1.identity.age"));
    store.overwrite(keys.id, golden("1.id.age"));
    const trust = await createTrustRing([{ jwk: golden("signing.pub.jwk").toString(), may: ["key"] }]);
    const opened = await openKeySet(
      await readKeySet({ tenant, generation: 1, store }, trust, patient),
      identity,
    );
    expect(opened.statement.createdAt).toBe("2026-11-21T12:00:00.000Z");
    expect(opened.idKey).toHaveLength(32);
    expect(opened.identity).toMatch(/^AGE-SECRET-KEY-1/);
  });
});
