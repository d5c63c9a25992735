/** Which objects count as damaged: for every key the newest word that is bound to the store holds, be it of a proof, a scrub or a heal. */
import { describe, expect, it } from "vitest";
import type { FindingsList, Proof } from "../../src/model/documents.ts";
import { backupId, objectKey, storeName, tenantId } from "../../src/model/ids.ts";
import { afterEveryStatement, damagedKeys, joinStatements } from "../../src/repository/known-damage.ts";

const tenant = tenantId.parse("acme");
const store = storeName.parse("frankfurt");
const storeId = "aaaabbbbccccdddd";
const key = objectKey.parse("tenants/acme/chunk");
const first = backupId.parse("20261121T010000Z-aaaaaa");
const second = backupId.parse("20261121T020000Z-bbbbbb");

const at = (hour: number): string => `2026-11-21T${String(hour).padStart(2, "0")}:00:00.000Z`;

function said(hour: number, damaged: readonly string[], healed: readonly string[] = []): FindingsList {
  const keys = (texts: readonly string[]): FindingsList["damaged"] =>
    texts.map((one) => objectKey.parse(one));
  const format = { name: "holdfast-findings", version: 1 } as const;
  return {
    format,
    tenant,
    store,
    storeId,
    at: at(hour),
    host: "h",
    damaged: keys(damaged),
    healed: keys(healed),
  };
}

function proof(hour: number, backup: typeof first, verdict: Proof["verdict"], damaged = [key]): Proof {
  return {
    format: { name: "holdfast-proof", version: 1 },
    tenant,
    backup,
    store,
    storeId,
    record: "0".repeat(64),
    verdict,
    at: at(hour),
    seconds: 1,
    host: "h",
    version: "0",
    checks: [],
    excluded: 0,
    detail: { bytes: 0, sha256: "0".repeat(64) },
    damaged: verdict === "refuted" ? damaged : [],
  };
}

const cases: readonly {
  readonly what: string;
  readonly proofs?: readonly Proof[];
  readonly findings?: readonly FindingsList[];
  readonly of?: typeof first;
  readonly damaged: boolean;
}[] = [
  { what: "nothing is said", damaged: false },
  { what: "a scrub found it", findings: [said(1, [key])], damaged: true },
  {
    what: "it was proven whole at the very instant of a refutation",
    proofs: [proof(1, first, "refuted"), proof(1, first, "proven")],
    damaged: true,
  },
  { what: "a scrub found another", findings: [said(1, [`${key}-2`])], damaged: false },
  { what: "a heal came after the scrub", findings: [said(1, [key]), said(2, [], [key])], damaged: false },
  { what: "a heal came before the scrub", findings: [said(2, [key]), said(1, [], [key])], damaged: true },
  { what: "both are of one moment", findings: [said(1, [key]), said(1, [], [key])], damaged: true },
  {
    what: "a scrub found it again",
    findings: [said(1, [key]), said(2, [], [key]), said(3, [key])],
    damaged: true,
  },
  { what: "a proof refuted it", proofs: [proof(1, first, "refuted")], damaged: true },
  {
    what: "a heal came after that proof",
    proofs: [proof(1, first, "refuted")],
    findings: [said(2, [], [key])],
    damaged: false,
  },
  {
    what: "a heal came before that proof",
    proofs: [proof(2, first, "refuted")],
    findings: [said(1, [], [key])],
    damaged: true,
  },
  {
    what: "the same copy was proven since",
    proofs: [proof(1, first, "refuted"), proof(2, first, "proven")],
    damaged: false,
  },
  {
    what: "another copy was proven since",
    proofs: [proof(1, first, "refuted"), proof(2, second, "proven")],
    damaged: true,
  },
  {
    what: "the backup that is asked about was proven since",
    proofs: [proof(1, first, "refuted"), proof(2, second, "proven")],
    of: second,
    damaged: false,
  },
  {
    what: "the backup that is asked about was proven since a scrub",
    proofs: [proof(2, second, "proven")],
    findings: [said(1, [key])],
    of: second,
    damaged: false,
  },
  {
    what: "some backup was proven since a scrub",
    proofs: [proof(2, second, "proven")],
    findings: [said(1, [key])],
    damaged: true,
  },
  {
    what: "an inconclusive trial came since",
    proofs: [proof(1, first, "refuted"), proof(2, first, "inconclusive")],
    damaged: true,
  },
];

describe("an object", () => {
  it.each(cases)("counts as damaged: $damaged, when $what", ({ proofs = [], findings = [], of, damaged }) => {
    const statements = { proofs: proofs.toReversed(), findings: findings.toReversed() };
    expect(damagedKeys(statements, store, storeId, of).has(key)).toBe(damaged);
    expect(damagedKeys({ proofs, findings }, store, storeId, of).has(key)).toBe(damaged);
    // What is said of another place says nothing here.
    expect(damagedKeys(statements, storeName.parse("dubai"), storeId, of).has(key)).toBe(false);
    expect(damagedKeys(statements, store, "eeeeffffgggghhhh", of).has(key)).toBe(false);
    expect(damagedKeys(statements, store, null, of).has(key)).toBe(damaged);
  });

  it("is judged by looking at each proof a few times, however many there are", () => {
    let looked = 0;
    const proofs = Array.from({ length: 500 }, (_, number): Proof => {
      const backup = backupId.parse(`20261121T${String(number).padStart(6, "0")}Z-aaaaaa`);
      const one = proof(number % 24, backup, "proven");
      return Object.defineProperty({ ...one }, "verdict", {
        get: () => {
          looked += 1;
          return one.verdict;
        },
      });
    });
    expect(damagedKeys({ proofs, findings: [] }, store, storeId, first)).toEqual(new Set());
    expect(looked).toBeLessThan(5 * proofs.length);
  });
});

describe("what is said next", () => {
  it("is dated behind all that was said of the store, by whosever clock", () => {
    const statements = { proofs: [proof(3, first, "proven")], findings: [said(5, [key])] };
    expect(afterEveryStatement(statements, store, new Date(at(4))).toISOString()).toBe(
      "2026-11-21T05:00:01.000Z",
    );
    expect(afterEveryStatement(statements, store, new Date(at(6))).toISOString()).toBe(at(6));
    const elsewhere = storeName.parse("dubai");
    expect(afterEveryStatement(statements, elsewhere, new Date(at(4))).toISOString()).toBe(at(4));
  });
});

describe("a store that has another name today", () => {
  const renamed = storeName.parse("left");
  const said1 = { proofs: [proof(1, first, "proven")], findings: [said(1, [key])] };

  it("is told by its id", () => {
    const { proofs, findings } = joinStatements([said1], new Map([[renamed, storeId]]));
    expect([...proofs, ...findings].map((one) => one.store)).toEqual([renamed, renamed]);
  });

  it.each([
    ["has another id", new Map([[renamed, "zzzzyyyyxxxxwwww"]])],
    [
      "shows the id of another",
      new Map([
        [renamed, storeId],
        [store, null],
      ]),
    ],
  ])("is not taken for one that %s", (_what, stores) => {
    const { proofs } = joinStatements([said1], stores);
    expect(proofs.map((one) => one.store)).toEqual([store]);
  });

  it("is told by its id also where its old name is another's by now", () => {
    const exchanged = new Map([
      [store, "zzzzyyyyxxxxwwww"],
      [renamed, storeId],
    ]);
    const { proofs, findings } = joinStatements([said1], exchanged);
    expect([...proofs, ...findings].map((one) => one.store)).toEqual([renamed, renamed]);
  });

  it("does not lose it to a copy of it that bears its id as well", () => {
    const copied = new Map([
      [store, storeId],
      [renamed, storeId],
    ]);
    expect(joinStatements([said1], copied).proofs.map((one) => one.store)).toEqual([store]);
  });
});
