/** A tenant's choice against the bounds of its plan, and as people write it. */
import { describe, expect, it } from "vitest";
import type { TenantChoice } from "../../src/model/schedule.ts";
import { checkChoice, spellBounds } from "../../src/model/schedule/check-choice.ts";
import { parseChoice, spellChoice } from "../../src/model/schedule/choice-text.ts";
import { nextSlots } from "../../src/model/schedule/next.ts";
import { acme, freely, planOf, scheduleOf } from "../support/schedules.ts";

const hourMs = 3_600_000;

const business = planOf({
  tenantChoice: { minInterval: "6h", maxPerDay: 4, allowedHours: { from: "00:00", to: "23:59" } },
});
const overnight = planOf({
  tenantChoice: { minInterval: "1h", maxPerDay: 3, allowedHours: { from: "20:00", to: "05:59" } },
});

function at(...times: readonly string[]): TenantChoice {
  return { kind: "at", times: [...times] };
}

function every(hours: number): TenantChoice {
  return { kind: "every", everyMs: hours * hourMs };
}

describe("a choice within the bounds", () => {
  it.each([
    ["four times six hours apart", at("00:00", "06:00", "12:00", "18:00"), business],
    ["one time alone", at("06:00"), business],
    ["every six hours", every(6), business],
    ["every day", every(24), business],
    ["times on both sides of midnight", at("20:00", "23:30", "05:59"), overnight],
    ["an interval that the allowed hours have room for", every(4), overnight],
  ])("is %s", (_, choice, plan) => {
    expect(checkChoice(choice, plan)).toEqual([]);
  });
});

describe("a choice outside of the bounds", () => {
  it.each([
    ["of a plan that allows none", every(24), planOf({}), ["the plan leaves nothing to choose"]],
    [
      "too often",
      every(1),
      business,
      ["every 1 h is more often than every 6 h", "every 1 h is up to 24 a day, more than 4"],
    ],
    ["too near over midnight", at("01:00", "21:00"), business, ["from 21:00 to 01:00 is 4 h, less than 6 h"]],
    ["too near by day", at("06:00", "11:59"), business, ["from 06:00 to 11:59 is 5 h 59 min, less than 6 h"]],
    ["too many", at("20:00", "21:00", "22:00", "23:00"), overnight, ["4 times a day are more than 3"]],
    [
      "outside of hours that pass midnight",
      at("06:00", "12:00", "22:00"),
      overnight,
      ["06:00 is outside of 20:00 to 05:59", "12:00 is outside of 20:00 to 05:59"],
    ],
    ["named twice", at("06:00", "06:00"), business, ["a time is named twice"]],
    [
      "an interval that could miss the allowed hours",
      every(10),
      overnight,
      ["an interval must not exceed 9 h within 20:00 to 05:59, choose times of the day"],
    ],
    [
      "an interval that is no schedule any more",
      every(24 * 32),
      business,
      ["every 32 d is less often than every 31 d"],
    ],
  ])("is refused: %s", (_, choice, plan, problems) => {
    expect(checkChoice(choice, plan)).toEqual(problems);
  });

  it("is refused for one time a day when the plan wants longer between backups", () => {
    const rarely = planOf({ tenantChoice: { ...freely, minInterval: "2d" } });
    expect(checkChoice(at("06:00"), rarely)).toEqual(["from 06:00 to 06:00 is 1 d, less than 2 d"]);
  });
});

describe("an interval that is allowed within some hours", () => {
  it("has a slot on every day, also of tenants whose place is unlucky, whatever the clock does", () => {
    const hours = { from: "09:00", to: "12:59" };
    const schedule = scheduleOf(
      { tenantChoice: { ...freely, allowedHours: hours } },
      "Europe/Berlin",
      every(3),
    );
    expect(checkChoice(every(3), schedule.plan)).toEqual([]);
    const slots = nextSlots(acme, schedule, new Date("2026-10-01T00:00Z"), 500);
    const days = new Set(
      slots.map(({ key }) => key.slice("acme/custom/".length, "acme/custom/".length + 10)),
    );
    const first = Date.parse(`${[...days][0] ?? ""}T00:00Z`);
    const last = Date.parse(`${[...days].at(-1) ?? ""}T00:00Z`);
    expect(days.size).toBe((last - first) / (24 * hourMs) + 1);
  });
});

describe("bounds in words", () => {
  it("say all three", () => {
    expect(spellBounds(business)).toBe("at least 6 h apart, at most 4 a day, at any hour");
    expect(spellBounds(overnight)).toBe("at least 1 h apart, at most 3 a day, from 20:00 to 05:59");
    expect(spellBounds(planOf({}))).toBeNull();
  });
});

describe("a choice as people write it", () => {
  it.each([
    [["every=6h"], every(6), "every 6 h"],
    [["every=1d"], every(24), "every 1 d"],
    [["at=14:00,06:00"], at("06:00", "14:00"), "at 06:00, 14:00"],
    [["at=06:00", "at=14:00"], at("06:00", "14:00"), "at 06:00, 14:00"],
  ])("%j is understood", (texts, choice, words) => {
    expect(parseChoice(texts)).toEqual(choice);
    expect(spellChoice(choice)).toBe(words);
  });

  it.each([
    [["every=6"]],
    [["every="]],
    [["every=6h", "every=7h"]],
    [["every=6h", "at=06:00"]],
    [["at="]],
    [["at=24:00"]],
    [["at=6:00"]],
    [["at=06:00,"]],
    [["6h"]],
    [[""]],
    [[]],
  ])("%j is not", (texts) => {
    expect(parseChoice(texts)).toBeNull();
  });
});
