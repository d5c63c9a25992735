/** The recovery point of a restore: the newest proven one, never a refuted one, and old ones are told. */
import { describe, expect, it } from "vitest";
import type { BackupState, CopyState } from "../../src/model/choose.ts";
import { backupId, storeName, tenantId } from "../../src/model/ids.ts";
import { choosePoint, type PointWish } from "../../src/restore/point.ts";

const dubai = storeName.parse("dubai");
const frankfurt = storeName.parse("frankfurt");
const monday = backupId.parse("20261116T010000Z-aaaaaa");
const tuesday = backupId.parse("20261117T010000Z-bbbbbb");
const now = new Date("2026-11-17T13:00:00Z");
const day = 86_400_000;

const proven: CopyState = { state: "present", proof: { verdict: "proven", at: "2026-11-17T02:00:00Z" } };
const refuted: CopyState = { state: "present", proof: { verdict: "refuted", at: "2026-11-17T02:00:00Z" } };
const unproven: CopyState = { state: "present", proof: null };

function backup(id: typeof monday, at: string, copies: Record<string, CopyState>): BackupState {
  return {
    backup: id,
    kind: "daily",
    at,
    plainBytes: 1,
    suspect: false,
    copies: new Map(Object.entries(copies).map(([name, copy]) => [storeName.parse(name), copy])),
  };
}

const wish: PointWish = { tenant: tenantId.parse("acme"), allowUnproven: false, notOlderThanMs: null };

function point(
  backups: readonly BackupState[],
  more: Partial<PointWish> = {},
  intervalMs: number | null = day,
) {
  return choosePoint({ ...wish, ...more }, { backups, stores: [dubai, frankfurt], now, intervalMs });
}

const proveFirst = "`holdfast verify` proves a copy; --allow-unproven --reason restores one unproven";
const older = backup(monday, "2026-11-16T01:00:00Z", { dubai: proven, frankfurt: proven });

describe("the recovery point", () => {
  it("is the newest backup with a proven copy, and the proven copy comes first", () => {
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: unproven, frankfurt: proven });
    const { choice } = point([newer, older]);
    expect(choice.backup.backup).toBe(tuesday);
    expect(choice.stores).toEqual([frankfurt, dubai]);
    expect(choice.proven).toBe(true);
  });

  it("passes over a newer backup that was refuted, or never proven", () => {
    const bad = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: refuted, frankfurt: unproven });
    expect(point([bad, older]).choice.backup.backup).toBe(monday);
  });

  it("is nothing where no backup is believed, and the key is asked for", () => {
    expect(() => point([{ ...older, suspect: true }])).toThrow(
      expect.objectContaining({
        code: "backup/none",
        message: "there is no backup of acme that is believed",
        hint: expect.stringContaining("keys.trusted"),
      }),
    );
  });

  it("may be unproven when that is allowed, but never refuted", () => {
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: refuted, frankfurt: unproven });
    const { choice } = point([newer], { allowUnproven: true });
    expect(choice.proven).toBe(false);
    expect(choice.stores).toEqual([frankfurt, dubai]);
    const worse = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: refuted });
    expect(() => point([worse], { allowUnproven: true })).toThrow("there is no usable backup of acme");
  });

  it("is proven by one copy and read from another where the proven one was damaged since", () => {
    const damaged: CopyState = { ...proven, state: "damaged" };
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: damaged, frankfurt: unproven });
    const { choice } = point([newer, older]);
    expect(choice.backup.backup).toBe(tuesday);
    expect(choice.stores).toEqual([frankfurt, dubai]);
    expect(point([newer, older], { store: frankfurt }).choice.backup.backup).toBe(monday);
  });

  it("is not a backup that no store holds whole", () => {
    const damaged: CopyState = { ...proven, state: "damaged" };
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: damaged, frankfurt: refuted });
    expect(point([newer, older]).choice.backup.backup).toBe(monday);
  });

  it("never comes from a record of the future", () => {
    const suspect = { ...backup(tuesday, "2027-11-17T01:00:00Z", { dubai: proven }), suspect: true };
    expect(point([suspect, older]).choice.backup.backup).toBe(monday);
  });

  it("tells its age against the plan's interval", () => {
    expect(point([older]).ageWords).toBe(
      "1 d 12 h old; its plan expects one every 1 d, so newer changes are lost",
    );
  });

  it("loses nothing newer within the interval, and is told as it is where none is expected", () => {
    expect(point([older], {}, 1.5 * day).ageWords).toBe("1 d 12 h old; its plan expects one every 1 d 12 h");
    expect(point([older], {}, null).ageWords).toBe("1 d 12 h old; its plan expects no regular backups");
  });

  it("is told by its age alone where the plan is not known", () => {
    const context = { backups: [older], stores: [dubai, frankfurt], now, intervalMs: undefined };
    expect(choosePoint(wish, context).ageWords).toBe("1 d 12 h old");
  });

  it("is taken when it is just as old as allowed", () => {
    expect(point([older], { notOlderThanMs: 1.5 * day }).choice.backup.backup).toBe(monday);
  });

  it("is refused when it is older than allowed", () => {
    expect(() => point([older], { notOlderThanMs: day })).toThrow(
      "the newest backup that suits, 20261116T010000Z-aaaaaa, is 1 d 12 h old; its plan expects one every 1 d, so newer changes are lost; --not-older-than allows 1 d",
    );
  });

  it("lies at or before the instant asked for", () => {
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: proven });
    expect(point([newer, older], { before: "2026-11-16T23:00:00Z" }).choice.backup.backup).toBe(monday);
  });

  it("is nothing within the limits that were set, which are told", () => {
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: proven });
    expect(() => point([newer], { before: "2026-11-16T23:00:00Z", store: dubai })).toThrow(
      "there is no verified backup of acme from 2026-11-16T23:00:00Z or before, in dubai",
    );
    expect(() => point([])).toThrow(
      expect.objectContaining({ message: "there is no backup of acme", hint: "holdfast list acme" }),
    );
  });

  it("is nothing though one of those that do not suit is not believed", () => {
    const unsuited = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: unproven });
    expect(() => point([{ ...older, suspect: true }, unsuited])).toThrow(
      expect.objectContaining({ message: "there is no verified backup of acme", hint: proveFirst }),
    );
  });

  it("is offered by its name where its copies may be whole together, and only there", () => {
    const damaged: CopyState = { ...proven, state: "damaged" };
    const torn = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: damaged, frankfurt: damaged });
    expect(() => point([torn])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`--backup ${tuesday} --allow-unproven`) }),
    );
    const unlike = [
      { ...torn, suspect: true },
      backup(monday, older.at, { dubai: damaged, frankfurt: refuted }),
      backup(monday, older.at, { dubai: { ...proven, state: "missing" } }),
    ];
    for (const each of unlike) {
      const other = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: unproven });
      expect(() => point([each, other])).toThrow(expect.objectContaining({ hint: proveFirst }));
    }
  });

  it("is told to be unknown or to have nothing proven, whichever it is", () => {
    const newer = backup(tuesday, "2026-11-17T01:00:00Z", { dubai: unproven });
    expect(() => point([newer])).toThrow("there is no verified backup of acme");
    expect(() => point([newer], { backup: monday })).toThrow(`no store holds a backup ${monday} of acme`);
    expect(() => point([newer, older], { backup: tuesday })).toThrow(
      `there is no verified backup of acme named ${tuesday}`,
    );
    expect(() => point([newer], { backup: tuesday })).toThrow(
      `there is no verified backup of acme named ${tuesday}`,
    );
  });
});
