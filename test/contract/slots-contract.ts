/** What every catalog's slots must do: the comments of `Slots` in `src/catalog/catalog.ts`, as tests. */
import { expect, it } from "vitest";
import type { Slots } from "../../src/catalog/catalog.ts";
import type { BackupKind } from "../../src/model/glossary.ts";
import { tenantId } from "../../src/model/ids.ts";
import type { Slot } from "../../src/model/schedule.ts";

const wait = { signal: new AbortController().signal };
const noon = new Date("2026-11-22T12:00:00Z");
const later = new Date("2026-11-22T13:00:00Z");

function slotOf(tenant: string, kind: BackupKind, at: string): Slot {
  return { tenant: tenantId.parse(tenant), kind, key: `${tenant}/${kind}/${at.slice(0, 10)}`, at };
}

const daily = slotOf("acme", "daily", "2026-11-22T01:00:00Z");
const weekly = slotOf("acme", "weekly", "2026-11-22T05:00:00Z");
const bravos = slotOf("bravo", "daily", "2026-11-22T01:00:00Z");

async function nowhere(): Promise<void> {}

/** Runs the suite; `fresh` gives slots that nobody has used, and the same again to a second host where there can be one. */
export function slotsContract(fresh: () => Promise<readonly [Slots, Slots]>): void {
  it("begin without a watermark, and with nothing handed out", async () => {
    const [slots] = await fresh();
    expect(await slots.watermark(wait)).toBeNull();
    expect(await slots.newest(wait)).toEqual([]);
  });

  it("are handed out once, and given to the queue as they are", async () => {
    const [slots] = await fresh();
    const queued: Slot[] = [];
    const enqueue = async (given: readonly Slot[]): Promise<void> => void queued.push(...given);
    expect(await slots.handOut([daily, weekly], noon, enqueue, wait)).toEqual([daily, weekly]);
    expect(await slots.handOut([weekly, bravos], later, enqueue, wait)).toEqual([bravos]);
    expect(queued).toEqual([daily, weekly, bravos]);
    expect(await slots.watermark(wait)).toEqual(later);
  });

  it("are told apart by their keys alone, also within one beat", async () => {
    const [slots] = await fresh();
    const moved = { ...daily, at: "2026-11-22T03:00:00Z" };
    expect(await slots.handOut([daily], noon, nowhere, wait)).toEqual([daily]);
    expect(await slots.handOut([moved, bravos, bravos], later, nowhere, wait)).toEqual([bravos]);
  });

  it("do not call the queue for nothing, and move the watermark all the same", async () => {
    const [slots] = await fresh();
    await slots.handOut([], noon, () => Promise.reject(new Error("called")), wait);
    expect(await slots.watermark(wait)).toEqual(noon);
  });

  it("let the watermark go back, and remember what was handed out", async () => {
    const [slots] = await fresh();
    await slots.handOut([daily], later, nowhere, wait);
    expect(await slots.handOut([daily], noon, nowhere, wait)).toEqual([]);
    expect(await slots.watermark(wait)).toEqual(noon);
  });

  it("are not handed out, nor the watermark moved, when the queue takes nothing", async () => {
    const [slots] = await fresh();
    await slots.handOut([], noon, nowhere, wait);
    await expect(
      slots.handOut([daily], later, () => Promise.reject(new Error("the queue is down")), wait),
    ).rejects.toThrow("the queue is down");
    expect(await slots.watermark(wait)).toEqual(noon);
    expect(await slots.newest(wait)).toEqual([]);
    expect(await slots.handOut([daily], later, nowhere, wait)).toEqual([daily]);
  });

  it("are handed out once to two hosts that see them at the same moment", async () => {
    const [one, other] = await fresh();
    const slots = Array.from({ length: 30 }, (_, index) =>
      slotOf(`tenant-${String(index)}`, "daily", "2026-11-22T01:00:00Z"),
    );
    const rounds = await Promise.all([
      one.handOut(slots, noon, nowhere, wait),
      other.handOut(slots.toReversed(), noon, nowhere, wait),
      one.handOut(slots.toReversed(), noon, nowhere, wait),
      other.handOut(slots, noon, nowhere, wait),
    ]);
    const taken = rounds.flat();
    expect(taken.map(({ key }) => key).toSorted()).toEqual(slots.map(({ key }) => key).toSorted());
  });

  it("tell the newest of each tenant and kind, whatever order they came in", async () => {
    const [slots, other] = await fresh();
    const next = slotOf("acme", "daily", "2026-11-23T01:00:00Z");
    const late = slotOf("acme", "daily", "2026-11-20T01:00:00Z");
    await slots.handOut([daily, weekly, bravos], noon, nowhere, wait);
    await slots.handOut([next], later, nowhere, wait);
    await slots.handOut([late], later, nowhere, wait);
    const newest = await other.newest(wait);
    const found = new Map(newest.map((slot) => [`${slot.tenant}/${slot.kind}`, Date.parse(slot.at)]));
    expect(found).toEqual(
      new Map([
        ["acme/daily", Date.parse(next.at)],
        ["acme/weekly", Date.parse(weekly.at)],
        ["bravo/daily", Date.parse(bravos.at)],
      ]),
    );
  });

  it("forget those that lie later than a time, and tell the newest of those that are left", async () => {
    const [slots, other] = await fresh();
    const next = slotOf("acme", "daily", "2026-11-23T01:00:00Z");
    const far = slotOf("acme", "daily", "2027-11-23T01:00:00Z");
    const farAlone = slotOf("bravo", "daily", "2027-11-23T01:00:00Z");
    await slots.handOut([daily, weekly], noon, nowhere, wait);
    await slots.handOut([next], later, nowhere, wait);
    await slots.handOut([far, farAlone], later, nowhere, wait);
    await slots.forgetAfter(noon, wait);
    expect((await other.newest(wait)).map(({ key }) => key).toSorted()).toEqual([daily.key, weekly.key]);
    expect(await slots.handOut([daily, weekly, next, far], later, nowhere, wait)).toEqual([next, far]);
    expect(await slots.watermark(wait)).toEqual(later);
  });
}
