/** What a tenant is in breach of: nothing that is lost, or never was, looks better than what is old. */
import { describe, expect, it } from "vitest";
import { type Breach, breaches, type TenantHealth } from "../../src/model/health.ts";
import { ago, healthy, scrapedAt } from "../support/told-telemetry.ts";

function of(changes: Partial<TenantHealth>): readonly Breach[] {
  return breaches({ ...healthy(), ...changes }, scrapedAt);
}

describe("the recovery point", () => {
  it("is not better once its only proven copy is lost", () => {
    expect(of({ recoveryPoint: ago(30) })).toEqual(["recovery-point"]);
    expect(of({ recoveryPoint: null, oldest: ago(30) })).toEqual(["recovery-point"]);
  });

  it("of a new tenant has until the objective for its first proof", () => {
    expect(of({ recoveryPoint: null, oldest: ago(24) })).toEqual([]);
    expect(of({ recoveryPoint: null, oldest: ago(26) })).toEqual(["recovery-point"]);
  });
});

describe("weeklies that fail", () => {
  it("are late, whatever dailies do", () => {
    const lateFrom = new Map([
      ["daily", ago(-20)],
      ["weekly", ago(1)],
    ] as const);
    expect(of({ lateFrom })).toEqual(["backup-late"]);
    expect(of({})).toEqual([]);
  });
});

describe("backups of which none counts any more", () => {
  it("were made all the same: their copies are what is wrong", () => {
    const lost = { lastSuccess: new Map(), copies: 0, refutedCopies: 2, recoveryPoint: null };
    expect(of({ ...lost, oldest: ago(1) })).toEqual(["refuted", "copies"]);
    expect(of({ ...lost, oldest: ago(40) })).toEqual(["backup-late", "refuted", "copies", "recovery-point"]);
    expect(of({ ...lost, refutedCopies: 0, oldest: null })).toEqual(["never-backed-up"]);
  });
});
