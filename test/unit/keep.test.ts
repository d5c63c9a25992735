/** The keep rule decides what is removed for ever: by example and by property, and what it must never let go (promise 6). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BackupState, CopyState } from "../../src/model/choose.ts";
import { compactUtc } from "../../src/base/clock.ts";
import { backupId, holdId, type StoreName, storeName } from "../../src/model/ids.ts";
import { isProven, keep, type Keepable, type Keeping, type KeepTerms } from "../../src/model/keep.ts";
import { periodOf, periods } from "../../src/model/period.ts";

const one = storeName.parse("one");
const two = storeName.parse("two");
const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse("2026-01-01T00:30:00.000Z");
const proven: CopyState = { state: "present", proof: { verdict: "proven", at: "2026-01-01T00:00:00Z" } };
const unproven: CopyState = { state: "present", proof: null };
const refuted: CopyState = { state: "present", proof: { verdict: "refuted", at: "2026-01-01T00:00:00Z" } };
const damaged: CopyState = { state: "damaged", proof: proven.proof };
const missing: CopyState = { state: "missing", proof: null };
const none = { daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const hold = holdId.parse("20260101T000000Z-aaaaaa");

const terms = (changes: Partial<KeepTerms> = {}): KeepTerms => ({
  places: { daily: 3, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: "UTC",
  everyCopyWithinMs: 7 * day,
  now: new Date(start + 100 * day),
  ...changes,
});

interface Sketch {
  readonly hours: number;
  readonly copies?: readonly [CopyState, CopyState];
  readonly suspect?: boolean;
  readonly held?: boolean;
  readonly lockedHours?: number | null;
}

function made(sketch: Sketch, index = 0): Keepable {
  const at = new Date(start + sketch.hours * hour);
  const tail = index.toString(2).padStart(6, "0").replaceAll("0", "a").replaceAll("1", "b");
  const [first, second] = sketch.copies ?? [proven, proven];
  const lockedHours = sketch.lockedHours ?? null;
  const state: BackupState = {
    backup: backupId.parse(`${compactUtc(at)}-${tail}`),
    kind: "daily",
    at: at.toISOString(),
    plainBytes: 1,
    suspect: sketch.suspect ?? false,
    copies: new Map([
      [one, first],
      [two, second],
    ]),
  };
  return {
    state,
    holds: sketch.held === true ? [hold] : [],
    lockedUntil: lockedHours === null ? null : new Date(start + lockedHours * hour),
  };
}

function kinds(keepings: readonly Keeping[], of: Keepable | undefined): string[] {
  const found = keepings.find(({ backup }) => backup === of?.state.backup);
  return (found?.keptBy ?? []).map(({ kind }) => kind);
}

function goes(keepings: readonly Keeping[]): string[] {
  return keepings.filter(({ keptBy }) => keptBy.length === 0).map(({ backup }) => backup);
}

describe("places of a plan", () => {
  it("keeps the newest of each of the last days that have one, whatever lies between", () => {
    const days = [0, 6, 24, 30, 240, 246].map((hours) => made({ hours }));
    const kept = keep(days, terms());
    expect(goes(kept)).toEqual([days[4], days[2], days[0]].map((each) => each?.state.backup));
    expect(kept.map(({ keptBy }) => keptBy.filter(({ kind }) => kind === "daily"))).toEqual([
      [{ kind: "daily", period: "2026-01-11" }],
      [],
      [{ kind: "daily", period: "2026-01-02" }],
      [],
      [{ kind: "daily", period: "2026-01-01" }],
      [],
    ]);
  });

  it("counts days of the tenant's calendar, not of UTC", () => {
    const [before, after] = [made({ hours: 19 }), made({ hours: 20 })];
    const dubai = terms({ timeZone: "Asia/Dubai" });
    // 23:30 and 00:30 in Dubai; 19:30 and 20:30 of one day in UTC.
    expect(goes(keep([before, after], dubai))).toEqual([]);
    expect(goes(keep([before, after], terms()))).toEqual([before.state.backup]);
  });

  it("knows the ISO weeks at the turn of the year", () => {
    expect(periodOf("2027-01-03T12:00:00Z", "weekly", "UTC")).toBe("2026-W53");
    expect(periodOf("2027-01-04T12:00:00Z", "weekly", "UTC")).toBe("2027-W01");
    expect(periodOf("2024-12-30T12:00:00Z", "weekly", "UTC")).toBe("2025-W01");
    expect(periodOf("2026-12-31T23:30:00Z", "yearly", "Europe/Berlin")).toBe("2027");
  });

  it("counts a day of 23 or 25 hours once", () => {
    const zone = "Europe/Berlin";
    expect(periodOf("2026-03-29T00:30:00Z", "daily", zone)).toBe("2026-03-29");
    expect(periodOf("2026-03-29T21:59:59Z", "daily", zone)).toBe("2026-03-29");
    expect(periodOf("2026-10-24T22:00:00Z", "daily", zone)).toBe("2026-10-25");
    expect(periodOf("2026-10-25T22:59:59Z", "daily", zone)).toBe("2026-10-25");
  });

  it("are filled by proven backups alone: unproven ones neither count nor take a place", () => {
    const days = Array.from({ length: 8 }, (_, index) =>
      made({ hours: index * 24, copies: index % 2 === 0 ? [proven, proven] : [unproven, unproven] }),
    );
    const kept = keep(days, terms());
    expect([6, 4, 2].map((index) => kinds(kept, days[index]).includes("daily"))).toEqual([true, true, true]);
    expect([7, 5, 3, 1].some((index) => kinds(kept, days[index]).includes("daily"))).toBe(false);
  });
});

describe("what was never proven", () => {
  it("keeps everything while nothing is proven, however old", () => {
    const all = [0, 24, 48].map((hours) => made({ hours, copies: [unproven, refuted] }));
    expect(goes(keep(all, terms({ now: new Date(start + 4000 * day) })))).toEqual([]);
  });

  it("waits for its proof while it is newer than the newest proven one", () => {
    const old = made({ hours: 0 });
    const waiting = made({ hours: 24, copies: [unproven, missing] });
    const kept = keep([old, waiting], terms({ now: new Date(start + 4000 * day) }));
    expect(kinds(kept, waiting)).toEqual(["unproven"]);
    expect(kept[0]?.removal).toBeNull();
  });

  it("outlives newer proven ones by thirty days, or by the time that the plan gives a proof", () => {
    const lost = made({ hours: 0, copies: [unproven, refuted] });
    const newer = made({ hours: 24 });
    const at = (days: number, everyCopyWithinMs = 7 * day): readonly Keeping[] =>
      keep([lost, newer], terms({ now: new Date(start + days * day), everyCopyWithinMs }));
    expect(kinds(at(29), lost)).toEqual(["unproven"]);
    expect(at(29)[1]?.removal).toEqual({ reason: "refuted", from: "2026-01-31T00:30:00.000Z" });
    expect(goes(at(31))).toEqual([lost.state.backup]);
    expect(goes(at(31, 60 * day))).toEqual([]);
  });

  it("is also what was proven once and is whole nowhere any more", () => {
    const gone = made({ hours: 24, copies: [damaged, missing] });
    const older = made({ hours: 0 });
    expect(kinds(keep([gone, older], terms()), older)).toContain("newest-proven");
  });
});

describe("why a backup goes", () => {
  const why = (copies: readonly [CopyState, CopyState]) =>
    keep([made({ hours: 0, copies }), made({ hours: 24 }), made({ hours: 48 })], terms({ places: none }))[2]
      ?.removal?.reason;

  it("is that newer ones fill every place, that it was refuted, or that nobody ever proved it", () => {
    expect(why([proven, missing])).toBe("outlived");
    expect(why([unproven, refuted])).toBe("refuted");
    expect(why([unproven, unproven])).toBe("unproven");
  });

  it("is not that newer ones fill every place where a proven copy is damaged, and what is whole was refuted", () => {
    expect(why([damaged, refuted])).toBe("refuted");
    expect(why([damaged, missing])).toBe("unproven");
  });
});

describe("what is never removed", () => {
  it("is the last proven copy of a store, however many newer ones other stores have", () => {
    const only = made({ hours: 0, copies: [missing, proven] });
    const newer = Array.from({ length: 9 }, (_, index) =>
      made({ hours: 24 * (index + 1), copies: [proven, refuted] }),
    );
    expect(kinds(keep([only, ...newer], terms()), only)).toEqual(["last-proven"]);
  });

  it("is the last proven one of a store though objects of it are not listed there just now", () => {
    const [hidden, whole, before] = [48, 24, 0].map((hours) =>
      made({ hours, copies: [proven, hours === 48 ? damaged : proven] }),
    );
    const newer = [72, 96, 120].map((hours) => made({ hours, copies: [proven, unproven] }));
    const kept = keep(
      [...newer, hidden, whole, before].flatMap((one) => one ?? []),
      terms(),
    );
    expect([hidden, whole, before].map((one) => kinds(kept, one))).toEqual([
      ["last-proven"],
      ["last-proven"],
      [],
    ]);
  });

  it("is the newest that is damaged of a store in which none is whole, and that one alone", () => {
    const all = [0, 24, 48].map((hours) => made({ hours, copies: [proven, hours < 48 ? damaged : missing] }));
    const kept = keep(all, terms({ places: none }));
    expect(all.map((each) => kinds(kept, each))).toEqual([
      [],
      ["last-proven"],
      ["newest-proven", "last-proven"],
    ]);
  });

  it("is no backup of a store where it is missing, nor one that nobody believes", () => {
    const lost: CopyState = { state: "missing", proof: proven.proof };
    const older = made({ hours: 0 });
    const suspect = made({ hours: 24, suspect: true });
    const kept = keep([older, suspect, made({ hours: 48, copies: [proven, lost] })], terms({ places: none }));
    expect(kinds(kept, older)).toEqual(["last-proven"]);
    expect(kinds(kept, suspect)).toEqual(["suspect"]);
  });

  it("is what is locked, up to the instant at which the lock ends", () => {
    const locked = made({ hours: 0, lockedHours: 240 });
    const at = (ms: number) =>
      keep([locked, made({ hours: 48 })], terms({ places: none, now: new Date(start + ms) }));
    expect(kinds(at(240 * hour - 1), locked)).toEqual(["locked"]);
    expect(kinds(at(240 * hour), locked)).toEqual([]);
  });

  it("is what somebody holds, what is locked still, and what nobody believes", () => {
    const all = [
      made({ hours: 0, held: true }),
      made({ hours: 24, lockedHours: 101 * 24 }),
      made({ hours: 48, suspect: true }),
      ...[96, 120, 144].map((hours) => made({ hours })),
    ];
    const kept = keep(all, terms());
    expect([0, 1, 2].map((index) => kinds(kept, all[index]))).toEqual([["held"], ["locked"], ["suspect"]]);
    expect(goes(kept)).toEqual([]);
  });

  it("is what was made within a day, were there a hundred since", () => {
    const hourly = Array.from({ length: 48 }, (_, index) => made({ hours: index }, index));
    const kept = keep(hourly, terms({ now: new Date(start + 48 * hour) }));
    expect(goes(kept)).toHaveLength(24);
    expect(hourly.slice(25).every((each) => kinds(kept, each).includes("recent"))).toBe(true);
  });

  it("stays also under a plan that keeps nothing", () => {
    const all = [0, 24, 48].map((hours) => made({ hours }));
    expect(goes(keep(all, terms({ places: none })))).toHaveLength(2);
  });
});

const copyState = fc.constantFrom(proven, unproven, refuted, damaged, missing);
const sketch: fc.Arbitrary<Sketch> = fc.record({
  hours: fc.integer({ min: 0, max: 2000 }),
  copies: fc.tuple(copyState, copyState),
  suspect: fc.constant(false),
  held: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  lockedHours: fc.option(fc.integer({ min: 0, max: 3000 }), { freq: 8, nil: null }),
});
const anySketch: fc.Arbitrary<Sketch> = fc.oneof(
  { weight: 9, arbitrary: sketch },
  { weight: 1, arbitrary: sketch.map((each) => ({ ...each, suspect: true })) },
);
const fleet = fc.array(anySketch, { maxLength: 25 }).map((all) => all.map(made));
const anyTerms: fc.Arbitrary<KeepTerms> = fc.record({
  places: fc.record({
    daily: fc.integer({ min: 0, max: 8 }),
    weekly: fc.integer({ min: 0, max: 5 }),
    monthly: fc.integer({ min: 0, max: 4 }),
    yearly: fc.integer({ min: 0, max: 2 }),
  }),
  timeZone: fc.constantFrom("UTC", "Asia/Dubai", "Europe/Berlin", "America/New_York"),
  everyCopyWithinMs: fc.integer({ min: 1, max: 60 }).map((days) => days * day),
  now: fc.integer({ min: 0, max: 4000 }).map((hours) => new Date(start + hours * hour)),
});

describe("for any backups and any plan", () => {
  const holds = (property: (backups: readonly Keepable[], of: KeepTerms) => void): void => {
    fc.assert(fc.property(fleet, anyTerms, property), { numRuns: 300 });
  };
  const gone = (backups: readonly Keepable[], of: KeepTerms): Keepable[] => {
    const names = new Set(goes(keep(backups, of)));
    return backups.filter(({ state }) => names.has(state.backup));
  };

  it("nothing held, locked, suspect or younger than a day goes", () => {
    holds((backups, of) => {
      for (const { state, holds: held, lockedUntil } of gone(backups, of)) {
        expect(held).toEqual([]);
        expect(state.suspect).toBe(false);
        expect(lockedUntil === null || lockedUntil <= of.now).toBe(true);
        expect(of.now.getTime() - Date.parse(state.at)).toBeGreaterThanOrEqual(day);
      }
    });
  });

  it("what stays has the newest proven backup, and in every store the newest proven copy", () => {
    holds((backups, of) => {
      const went = new Set(gone(backups, of));
      const newest = (fits: (state: BackupState) => boolean): number =>
        Math.max(...backups.filter(({ state }) => fits(state)).map(({ state }) => Date.parse(state.at)));
      const stays = (fits: (state: BackupState) => boolean, at: number): boolean =>
        backups.some((each) => !went.has(each) && fits(each.state) && Date.parse(each.state.at) === at);
      const provenIn =
        (store: StoreName) =>
        (state: BackupState): boolean =>
          !state.suspect &&
          state.copies.get(store)?.state === "present" &&
          state.copies.get(store)?.proof?.verdict === "proven";
      for (const fits of [isProven, provenIn(one), provenIn(two)]) {
        const at = newest(fits);
        expect(at === -Infinity || stays(fits, at)).toBe(true);
      }
    });
  });

  it("each of the last periods of a plan that have a proven backup keeps its newest", () => {
    holds((backups, of) => {
      const kept = keep(backups, of);
      const names = new Set(goes(kept));
      for (const period of periods) {
        const all = backups.filter(({ state }) => isProven(state));
        const groups = Map.groupBy(all, ({ state }) => periodOf(state.at, period, of.timeZone));
        const last = [...groups.keys()].toSorted().toReversed().slice(0, of.places[period]);
        for (const name of last) {
          const group = (groups.get(name) ?? []).toSorted((a, b) =>
            a.state.backup < b.state.backup ? 1 : -1,
          );
          expect(names.has(group[0]?.state.backup ?? "")).toBe(false);
        }
      }
    });
  });

  it("a newer backup never brings an older one back", () => {
    fc.assert(
      fc.property(fleet, anyTerms, anySketch, (backups, of, extra) => {
        const last = Math.max(0, ...backups.map(({ state }) => Date.parse(state.at) - start)) / hour;
        const newer = made({ ...extra, hours: last + 1 + extra.hours / 10 });
        const before = new Set(goes(keep(backups, of)));
        const after = new Set(goes(keep([...backups, newer], of)));
        for (const name of before) expect(after.has(name)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("time alone brings nothing back, and what went on time goes at the time that was told", () => {
    fc.assert(
      fc.property(fleet, anyTerms, fc.integer({ min: 1, max: 2000 }), (backups, of, hours) => {
        const later = { ...of, now: new Date(of.now.getTime() + hours * hour) };
        const kept = keep(backups, of);
        const after = new Set(goes(keep(backups, later)));
        for (const name of goes(kept)) expect(after.has(name)).toBe(true);
        for (const { backup, removal } of kept) {
          const due = removal !== null && Date.parse(removal.from) <= later.now.getTime();
          expect(after.has(backup)).toBe(due);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("what has gone was not needed: the rest keeps what it kept before", () => {
    holds((backups, of) => {
      const went = new Set(gone(backups, of));
      const rest = backups.filter((each) => !went.has(each));
      expect(goes(keep(rest, of))).toEqual([]);
    });
  });
});
