/** Instants are compared as times, however many of their parts are written: the newest proven backup depends on it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choose, type BackupState } from "../../src/model/choose.ts";
import { backupId, storeName } from "../../src/model/ids.ts";
import { compareInstants } from "../../src/model/instant.ts";

const near = storeName.parse("near");

function proven(at: string, letters: string): BackupState {
  return {
    backup: backupId.parse(`20261121T010000Z-${letters}`),
    kind: "daily",
    at,
    plainBytes: 1,
    suspect: false,
    copies: new Map([[near, { state: "present", proof: { verdict: "proven", at } }]]),
  };
}

describe("instants", () => {
  it.each([
    ["2026-11-21T01:00:00Z", "2026-11-21T01:00:00.500Z", -1],
    ["2026-11-21T01:00:00.5Z", "2026-11-21T01:00:00.50Z", 0],
    ["2026-11-21T01:00Z", "2026-11-21T01:00:00.000Z", 0],
    ["2026-11-21T01:00Z", "2026-11-21T00:59:59Z", 1],
    ["2026-11-21T01:00:00.25Z", "2026-11-21T01:00:00.3Z", -1],
  ])("%s against %s", (one, other, order) => {
    expect(compareInstants(one, other)).toBe(order);
    expect(compareInstants(other, one)).toBe(order === 0 ? 0 : -order);
  });

  it("sort as their times do, in whatever spelling", () => {
    const ms = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2026, 0) + 3000 });
    const spelling = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.replace(/\.?0+Z$/, "Z"),
    );
    fc.assert(
      fc.property(ms, ms, spelling, spelling, (one, other, spellOne, spellOther) => {
        const texts = [
          spellOne(new Date(one).toISOString()),
          spellOther(new Date(other).toISOString()),
        ] as const;
        fc.pre(texts.every((text) => Date.parse(text) === (text === texts[0] ? one : other)));
        expect(compareInstants(...texts)).toBe(Math.sign(one - other));
      }),
    );
  });
});

describe("the choice of a backup", () => {
  const whole = proven("2026-11-21T01:00:00Z", "aaaaaa");
  const later = proven("2026-11-21T01:00:00.500Z", "bbbbbb");

  it("takes the later of two in one second, whichever spells its fraction", () => {
    for (const backups of [
      [whole, later],
      [later, whole],
    ]) {
      expect(choose(backups, { allowUnproven: false }, [near])?.backup.at).toBe(later.at);
    }
  });

  it("takes nothing from after the instant asked for", () => {
    const wish = { allowUnproven: false, before: "2026-11-21T01:00:00Z" };
    expect(choose([whole, later], wish, [near])?.backup.at).toBe(whole.at);
    expect(choose([later], wish, [near])).toBeNull();
  });
});
