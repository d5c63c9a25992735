/** Bytes pass at the rate that is set: by the clock that paces, in turn, and by the hours of the day where rules have them. */
import { describe, expect, it } from "vitest";
import { ByteRate, type Pacing } from "../../src/base/byte-rate.ts";
import { isFailure } from "../../src/base/failure.ts";
import { rateInForce, type RateRule } from "../../src/model/bandwidth.ts";
import { objectKey } from "../../src/model/ids.ts";
import { metered, meteredRead } from "../../src/stores/metered.ts";
import { faulty } from "../support/faulty-store.ts";
import { memoryStore } from "../support/memory-store.ts";

const wait = { signal: new AbortController().signal };

/** Time passes only by waiting. */
function stoppedTime(atMs = 0): Pacing & { readonly now: () => number; pass: (ms: number) => void } {
  let nowMs = atMs;
  return {
    now: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
    monotonicMs: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
  };
}

async function moved(rate: ByteRate, bytes: number): Promise<void> {
  (await rate.take(bytes, wait))(bytes);
}

describe("a rate", () => {
  it("lets the first go at once and each next one when that is paid", async () => {
    const time = stoppedTime();
    const rate = new ByteRate(() => 1000, time);
    await moved(rate, 5000);
    expect(time.now()).toBe(0);
    await moved(rate, 1000);
    expect(time.now()).toBe(5000);
    await moved(rate, 1000);
    expect(time.now()).toBe(6000);
  });

  it("saves nothing up while nobody takes", async () => {
    const time = stoppedTime();
    const rate = new ByteRate(() => 1000, time);
    await moved(rate, 1000);
    time.pass(60_000);
    await moved(rate, 1000);
    await moved(rate, 1000);
    expect(time.now()).toBe(62_000 - 1000);
  });

  it("holds for takers side by side as for one after the other", async () => {
    const time = stoppedTime();
    const rate = new ByteRate(() => 1000, time);
    await Promise.all(Array.from({ length: 10 }, async () => moved(rate, 1000)));
    expect(time.now()).toBe(9000);
  });

  it("is put right when fewer or more bytes passed than were announced", async () => {
    const time = stoppedTime();
    const rate = new ByteRate(() => 1000, time);
    (await rate.take(8000, wait))(1000);
    (await rate.take(0, wait))(4000);
    expect(time.now()).toBe(1000);
    await moved(rate, 0);
    expect(time.now()).toBe(5000);
  });

  it("counts from the next transfer on when it changes, and may end", async () => {
    const time = stoppedTime();
    let limit: number | null = 1000;
    const rate = new ByteRate(() => limit, time);
    await moved(rate, 1000);
    limit = 500;
    await moved(rate, 1000);
    expect(time.now()).toBe(1000);
    await moved(rate, 1000);
    expect(time.now()).toBe(3000);
    limit = null;
    await Promise.all(Array.from({ length: 5 }, async () => moved(rate, 1_000_000)));
    expect(time.now()).toBe(3000);
  });

  it("is no reason to outlive a wait", async () => {
    const rate = new ByteRate(() => 1);
    await moved(rate, 1_000_000);
    const stop = new AbortController();
    const waiting = rate.take(1, { signal: stop.signal });
    stop.abort();
    const ended = await waiting.then(
      () => "taken",
      (error: unknown) => isFailure(error, "wait/cancelled"),
    );
    expect(ended).toBe(true);
  });
});

describe("rules with hours", () => {
  const rule = (bytesPerSecond: number, from?: string, to?: string, timeZone = "UTC"): RateRule => ({
    bytesPerSecond,
    hours: from === undefined || to === undefined ? null : { from, to },
    timeZone,
  });
  const at = (time: string): Date => new Date(`2026-11-21T${time}:00Z`);

  it.each([
    ["07:59", null],
    ["08:00", 5],
    ["17:59", 5],
    ["18:00", null],
  ] as const)("hold from their start to their end: %s", (time, rate) => {
    expect(rateInForce([rule(5, "08:00", "18:00")], at(time))).toBe(rate);
  });

  it.each([
    ["21:59", null],
    ["22:00", 5],
    ["00:00", 5],
    ["05:59", 5],
    ["06:00", null],
  ] as const)("go over midnight: %s", (time, rate) => {
    expect(rateInForce([rule(5, "22:00", "06:00")], at(time))).toBe(rate);
  });

  it("are those of their time zone, in summer and in winter", () => {
    const rules = [rule(5, "08:00", "09:00", "Europe/Berlin")];
    expect(rateInForce(rules, new Date("2026-07-01T06:30:00Z"))).toBe(5);
    expect(rateInForce(rules, new Date("2026-12-01T06:30:00Z"))).toBeNull();
    expect(rateInForce(rules, new Date("2026-12-01T07:30:00Z"))).toBe(5);
  });

  it("let the lowest of those in force count", () => {
    const rules = [rule(9), rule(5, "08:00", "18:00"), rule(7, "12:00", "13:00")];
    expect(rateInForce(rules, at("12:30"))).toBe(5);
    expect(rateInForce(rules, at("20:00"))).toBe(9);
    expect(rateInForce([], at("20:00"))).toBeNull();
  });
});

describe("a metered store", () => {
  const key = objectKey.parse("tenants/acme/object");
  const body = Buffer.alloc(1000, 7);

  it("is slow for bodies in both directions and quick for everything else", async () => {
    const time = stoppedTime();
    const store = metered(memoryStore(), new ByteRate(() => 1000, time));
    await store.create(key, body, {}, wait);
    await store.stat(key, wait);
    await Array.fromAsync(store.list("", wait));
    await store.versions(key, wait);
    expect(time.now()).toBe(0);
    await store.read(key, { bytesMax: 1000 }, wait);
    expect(time.now()).toBe(1000);
    await store.mend(key, body, {}, wait);
    expect(time.now()).toBe(2000);
    await store.read(key, {}, wait);
    await store.read(key, { range: { from: 0, to: 500 } }, wait);
    expect(time.now()).toBe(4000);
    await store.remove(key, null, wait);
    expect(time.now()).toBe(4000);
  });

  it("pays for nothing that did not pass", async () => {
    const time = stoppedTime();
    const broken = faulty(memoryStore());
    broken.every("create").failsWith("store/full");
    const rate = new ByteRate(() => 1000, time);
    const store = metered(broken, rate);
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/full" });
    await expect(meteredRead(broken, rate)(key, { bytesMax: 1000 }, wait)).rejects.toMatchObject({
      code: "store/absent",
    });
    await moved(rate, 1);
    expect(time.now()).toBe(0);
  });

  it("changes its pace at midnight, between one object and the next", async () => {
    const time = stoppedTime(Date.parse("2026-11-21T23:59:58Z"));
    const rules = [
      { bytesPerSecond: 1000, hours: { from: "20:00", to: "00:00" }, timeZone: "UTC" },
      { bytesPerSecond: 250, hours: { from: "00:00", to: "06:00" }, timeZone: "UTC" },
    ];
    const rate = new ByteRate(() => rateInForce(rules, new Date(time.now())), time);
    const store = metered(memoryStore(), rate);
    const ends: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      await store.create(objectKey.parse(`object-${String(count)}`), body, {}, wait);
      ends.push(time.now() - Date.parse("2026-11-21T23:59:58Z"));
    }
    expect(ends).toEqual([0, 1000, 2000, 6000, 10_000]);
  });
});
