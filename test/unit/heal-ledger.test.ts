/** What a heal counts, and what it may state to be whole. */
import { beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { backupId, objectKey } from "../../src/model/ids.ts";
import { HealLedger } from "../../src/replication/heal-ledger.ts";

const line = (name: string, bytes: number = 10) => ({
  key: objectKey.parse(`tenants/acme/${name}`),
  sha256: sha256(Buffer.from(name)),
  bytes,
});
const [one, two, three] = [line("a"), line("b"), line("c")];
const lost = ({ key }: { readonly key: typeof one.key }, reason = "gone") => ({
  key,
  reason,
  mayReturn: true,
});

describe("a ledger of what is healed", () => {
  let told: number[] = [];
  let ledger = new HealLedger(new Set(), () => undefined);
  beforeEach(() => {
    told = [];
    ledger = new HealLedger(new Set([one.key]), (bytes) => told.push(bytes));
  });

  it("counts what is whole once, and states what was said to be damaged", () => {
    for (const each of [two, one, one]) ledger.findWhole(each);
    expect(ledger.sums()).toMatchObject({ whole: 2, healed: 0, bytes: 0, unhealed: [] });
    expect(ledger.statable()).toEqual([one.key]);
    expect([one, two, three].map((each) => ledger.isSettled(each))).toEqual([true, true, false]);
    expect(ledger.wasHealed(one)).toBe(false);
  });

  it("adds up what is healed, tells it, and states what no listing shows", () => {
    ledger.heal(three, 7);
    ledger.heal(two, 5, true);
    ledger.heal(one, 3, true);
    expect(ledger.sums()).toMatchObject({ healed: 3, bytes: 15, whole: 0 });
    expect(told).toEqual([7, 5, 3]);
    expect(ledger.statable()).toEqual([one.key, three.key]);
    expect([one, two, three].every((each) => ledger.isSettled(each) && ledger.wasHealed(each))).toBe(true);
    ledger.findWhole(three);
    expect(ledger.sums().whole).toBe(0);
  });

  it("names what is lost in order, with the first reason, until it is healed after all", () => {
    for (const each of [three, two, one]) ledger.lose(lost(each));
    ledger.lose(lost(three, "another reason"));
    expect(ledger.sums().unhealed).toEqual([lost(one), lost(two), lost(three)]);
    ledger.heal(two, 1);
    ledger.findWhole(one);
    expect(ledger.sums().unhealed).toEqual([lost(three)]);
    expect(ledger.statable()).toEqual([one.key, two.key]);
  });

  it("states nothing that was lost after it had been whole, as another backup gives it other bytes", () => {
    ledger.heal(two, 1);
    ledger.lose(lost(two));
    expect(ledger.statable()).toEqual([]);
    expect(ledger.sums().unhealed).toEqual([lost(two)]);
  });

  it("tries what is lost again only as other bytes", () => {
    ledger.lose(lost(two));
    expect(ledger.isSettled(two)).toBe(false);
    ledger.lose(lost(two), two);
    expect(ledger.isSettled(two)).toBe(true);
    expect(ledger.isSettled({ ...two, bytes: 11 })).toBe(false);
    expect(ledger.isSettled({ ...two, sha256: one.sha256 })).toBe(false);
  });

  it("names backups and notes", () => {
    const [first, second] = ["20261121T120000Z-aaaaaa", "20261122T120000Z-aaaaaa"].map((id) =>
      backupId.parse(id),
    );
    if (first === undefined || second === undefined) throw new Error("no id");
    for (const backup of [second, first, second]) ledger.touch(backup);
    for (const note of ["b", "a"]) ledger.note(note);
    expect(ledger.sums()).toMatchObject({ backups: [first, second], notes: ["b", "a"] });
  });
});
