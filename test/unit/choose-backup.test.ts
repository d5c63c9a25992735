/** Which backup a restore takes: the newest proven one that fits the wish, and never a refuted or suspect one by itself. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choose, type BackupState, type CopyState, type Wish } from "../../src/model/choose.ts";
import type { Verdict } from "../../src/model/glossary.ts";
import { backupId, storeName, type StoreName } from "../../src/model/ids.ts";

const [near, far] = [storeName.parse("near"), storeName.parse("far")];
const preferred: readonly StoreName[] = [near, far];

function copy(verdict: Verdict | null, state: CopyState["state"] = "present"): CopyState {
  return { state, proof: verdict === null ? null : { verdict, at: "2026-11-21T12:00:00Z" } };
}

/** A backup of the given day, with the copies named. */
function state(
  day: number,
  copies: { near?: CopyState; far?: CopyState },
  more: Partial<BackupState> = {},
): BackupState {
  const date = `2026-11-${String(day).padStart(2, "0")}`;
  const held: [StoreName, CopyState][] = [];
  if (copies.near !== undefined) held.push([near, copies.near]);
  if (copies.far !== undefined) held.push([far, copies.far]);
  return {
    backup: backupId.parse(`${date.replaceAll("-", "")}T010000Z-aaaaaa`),
    kind: "daily",
    at: `${date}T01:00:00Z`,
    plainBytes: 1,
    suspect: false,
    copies: new Map(held),
    ...more,
  };
}

const plain: Wish = { allowUnproven: false };
const dayOf = (backups: readonly BackupState[], wish: Wish): string | undefined =>
  choose(backups, wish, preferred)?.backup.at.slice(8, 10);

describe("the backup to restore", () => {
  it("is the newest with a proven copy, not the newest", () => {
    expect(
      dayOf(
        [
          state(1, { near: copy("proven") }),
          state(3, { near: copy(null) }),
          state(2, { far: copy("proven") }),
        ],
        plain,
      ),
    ).toBe("02");
  });

  it("is, named and proven, none without leave where no copy is whole", () => {
    const torn = state(1, { near: copy("proven", "damaged"), far: copy("proven", "damaged") });
    const wish = { ...plain, backup: torn.backup };
    expect(choose([torn], wish, preferred)).toBeNull();
    expect(choose([torn], { ...wish, allowUnproven: true }, preferred)?.stores).toEqual(preferred);
  });

  it("is none where nothing is proven", () => {
    const backups = [
      state(1, { near: copy(null) }),
      state(2, { near: copy("inconclusive") }),
      state(3, { near: copy("refuted") }),
    ];
    expect(choose(backups, plain, preferred)).toBeNull();
  });

  it("is with leave to take an unproven one the newest that is not refuted", () => {
    const backups = [
      state(1, { near: copy("proven") }),
      state(2, { near: copy("inconclusive") }),
      state(3, { near: copy("refuted") }),
    ];
    expect(choose(backups, { allowUnproven: true }, preferred)).toMatchObject({
      proven: false,
      backup: { at: "2026-11-02T01:00:00Z" },
    });
  });

  it("never comes from a copy that is damaged or missing, however proven", () => {
    expect(
      choose(
        [state(1, { near: copy("proven", "damaged"), far: copy("proven", "missing") })],
        { allowUnproven: true },
        preferred,
      ),
    ).toBeNull();
  });

  it("is the one that is named, were there newer ones and better", () => {
    const [older, newer] = [state(1, { near: copy("proven") }), state(2, { near: copy("proven") })];
    expect(dayOf([newer, older], { ...plain, backup: older.backup })).toBe("01");
    const unproven = state(1, { near: copy(null) });
    expect(dayOf([newer, unproven], { ...plain, backup: unproven.backup })).toBeUndefined();
  });

  it("may be one that no store holds whole where it is named and may be unproven: its copies may be whole together", () => {
    const torn = state(1, { near: copy("refuted", "damaged"), far: copy(null, "damaged") });
    const wish = { allowUnproven: true, backup: torn.backup };
    expect(choose([torn], wish, preferred)?.stores).toEqual([near, far]);
    expect(choose([torn], { ...wish, allowUnproven: false }, preferred)).toBeNull();
    expect(choose([torn], { ...wish, store: far }, preferred)).toBeNull();
  });

  it("is one of which some store holds something: the others are not asked for it", () => {
    const [gone, half] = [
      state(1, { near: copy("proven", "missing"), far: copy(null, "missing") }),
      state(1, { near: copy("proven", "missing"), far: copy(null, "damaged") }),
    ];
    const wish = { allowUnproven: true, backup: gone.backup };
    expect(choose([gone], wish, preferred)).toBeNull();
    expect(choose([half], wish, preferred)?.stores).toEqual([far]);
  });

  it("is never a suspect one, not even when it is named", () => {
    const future = state(30, { near: copy("proven") }, { suspect: true });
    expect(choose([future], { allowUnproven: true, backup: future.backup }, preferred)).toBeNull();
  });

  it("obeys before, with the instant itself included", () => {
    const backups = [state(1, { near: copy("proven") }), state(2, { near: copy("proven") })];
    expect(dayOf(backups, { ...plain, before: "2026-11-02T00:59:59Z" })).toBe("01");
    expect(dayOf(backups, { ...plain, before: "2026-11-02T01:00:00Z" })).toBe("02");
    expect(dayOf(backups, { ...plain, before: "2026-10-31T00:00:00Z" })).toBeUndefined();
  });

  it("obeys the store that is named", () => {
    const backups = [state(1, { near: copy("proven") }), state(2, { far: copy("proven") })];
    expect(choose(backups, { ...plain, store: near }, preferred)).toMatchObject({
      stores: [near],
      backup: { at: "2026-11-01T01:00:00Z" },
    });
  });

  it("is read first from the store that is named, and from each store once", () => {
    const both = state(1, { near: copy("proven"), far: copy("proven") });
    expect(choose([both], { ...plain, store: far }, preferred)?.stores).toEqual([far, near]);
    expect(choose([both], plain, preferred)?.stores).toEqual([near, far]);
  });

  it("is read from proven copies first, then from the others that may serve its objects", () => {
    const backups = [state(1, { near: copy(null), far: copy("proven") })];
    expect(choose(backups, plain, preferred)?.stores).toEqual([far, near]);
  });

  it("does not depend on the order in which the backups are listed", () => {
    const verdicts = fc.constantFrom<Verdict | null>("proven", "refuted", "inconclusive", null);
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        days,
        fc.array(verdicts, { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (some, of, allowUnproven) => {
          const backups = some.map((day, index) => state(day, { near: copy(of[index] ?? null) }));
          const one = choose(backups, { allowUnproven }, preferred);
          expect(choose(backups.toReversed(), { allowUnproven }, preferred)).toEqual(one);
          expect(one?.backup.copies.get(near)?.proof?.verdict).not.toBe("refuted");
        },
      ),
    );
  });
});
