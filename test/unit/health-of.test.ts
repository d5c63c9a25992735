/** How a tenant stands by what its stores show: what could not be asked is unknown, and what is damaged is no copy (promise 2). */
import { describe, expect, it } from "vitest";
import type { CopyState } from "../../src/model/choose.ts";
import { backupId, type StoreName, storeName, tenantId } from "../../src/model/ids.ts";
import { counts, healthOf, type HealthTerms, type Standing } from "../../src/repository/health.ts";

const [near, far] = [storeName.parse("near"), storeName.parse("far")];
const whole: CopyState = { state: "present", proof: null };
const damaged: CopyState = { state: "damaged", proof: null };
const missing: CopyState = { state: "missing", proof: null };

const terms = (quorum: number): HealthTerms => ({
  tenant: tenantId.parse("acme"),
  quorum,
  copiesRequired: 2,
  stores: [near, far],
  expectedIntervalMs: null,
  recoveryPointMs: Infinity,
  recoveryTimeMs: Infinity,
  proveWithinMs: 1000,
  proveAgainMs: null,
});

function standing(copies: readonly (readonly [StoreName, CopyState])[]): Standing {
  return {
    backup: backupId.parse("20261121T010000Z-aaaaaa"),
    kind: "daily",
    at: "2026-11-21T01:00:00.000Z",
    plainBytes: 1,
    suspect: false,
    copies: new Map(copies),
    record: null,
  };
}

describe("a backup counts", () => {
  it.for([
    ["with a copy for each of the quorum", 2, [whole, whole], [], true],
    ["with one whole and one in a store that could not be asked", 2, [whole, missing], [far], true],
    ["not with one whole and one damaged", 2, [whole, damaged], [], false],
    [
      "not where nothing whole was seen, however many could not be asked",
      1,
      [missing, missing],
      [far],
      false,
    ],
    ["once, where the store that could not be asked is known to hold it", 2, [whole, missing], [near], false],
  ] as const)("%s", ([, quorum, [first, second], unasked, expected]) => {
    const one = standing([
      [near, first],
      [far, second],
    ]);
    expect(counts(one, terms(quorum), new Set(unasked))).toBe(expected);
  });
});

it("a damaged copy is a bad one, whatever no proof says of it, and no copy", () => {
  const health = healthOf([standing([[near, whole] as const, [far, damaged] as const])], terms(1));
  expect([health.refutedCopies, health.copies]).toEqual([1, 1]);
});
