/** A tenant's stores keep to the residency and the distances of its plan (promise 12). */
import { describe, expect, it } from "vitest";
import { chooseStores } from "../../src/config/choose-stores.ts";
import { storeName } from "../../src/model/ids.ts";
import { distanceKm, mayLieAt, type Place } from "../../src/model/place.ts";
import { plan, type Plan } from "../../src/model/plan.ts";

const dubai = storeName.parse("dubai");
const abuDhabi = storeName.parse("abu-dhabi");
const frankfurt = storeName.parse("frankfurt");
const unknown = storeName.parse("unknown");

const places: ReadonlyMap<typeof dubai, Place | null> = new Map([
  [dubai, { jurisdiction: "AE", coordinates: { latitude: 25.2, longitude: 55.27 } }],
  [abuDhabi, { jurisdiction: "AE", coordinates: { latitude: 24.45, longitude: 54.38 } }],
  [frankfurt, { jurisdiction: "DE", coordinates: { latitude: 50.11, longitude: 8.68 } }],
  [unknown, null],
]);

function planWith(copies: Partial<Plan["copies"]>, residency: Plan["residency"]): Plan {
  return plan.parse({
    version: 1,
    title: "of the test",
    schedules: { daily: null, weekly: null },
    tenantChoice: null,
    copies: { count: 2, quorum: 1, ...copies },
    residency,
    retention: { daily: 1, weekly: 0, monthly: 0, yearly: 0, lock: null, pruneShareMax: 1 },
    verification: { everyCopyWithin: "1d", indexes: "never" },
    objectives: { recoveryPoint: "1d", recoveryTime: "1h" },
  });
}

describe("the longest snapshot of a plan", () => {
  it("is bounded, so that no backup outlives the grace time of a prune (trap 27)", () => {
    const given = planWith({}, "any");
    const told = { ...given, verification: { everyCopyWithin: "1d", indexes: "never" } };
    const objectives = { recoveryPoint: "1d", recoveryTime: "1h" };
    const parse = (maxSnapshotAge: string) =>
      plan.safeParse({ ...told, objectives, yieldAfter: "10s", maxSnapshotAge });
    expect(parse("12h").success).toBe(true);
    expect(parse("13h").error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [["maxSnapshotAge"], "must not exceed 12h, half the time that a prune waits"],
    ]);
  });
});

describe("distance", () => {
  it("is the great circle's", () => {
    const km = distanceKm({ latitude: 25.2, longitude: 55.27 }, { latitude: 50.11, longitude: 8.68 });
    expect(km).toBeGreaterThan(4800);
    expect(km).toBeLessThan(4900);
    expect(distanceKm({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(
      111.2,
      0,
    );
    expect(distanceKm({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 120 })).toBeCloseTo(
      20_015,
      0,
    );
  });
});

describe("residency", () => {
  it("refuses a place that is not known unless there is no rule", () => {
    expect(mayLieAt(["AE"], null)).toBe(false);
    expect(mayLieAt("any", null)).toBe(true);
    expect(mayLieAt(["AE"], { jurisdiction: "DE", coordinates: null })).toBe(false);
  });
});

describe("stores chosen by the plan", () => {
  it("are the first that residency allows", () => {
    expect(chooseStores(planWith({}, ["AE"]), undefined, places)).toEqual({
      stores: [dubai, abuDhabi],
      problems: [],
    });
  });

  it("pass over one that is too near to one already taken", () => {
    expect(chooseStores(planWith({ apartKm: 500 }, "any"), undefined, places)).toEqual({
      stores: [dubai, frankfurt],
      problems: [],
    });
  });

  it("are a problem when there are too few, with the rule that leaves too few", () => {
    expect(chooseStores(planWith({ apartKm: 500 }, ["AE"]), undefined, places).problems).toEqual([
      "the plan wants 2 stores that lie in AE and are 500 km apart, and there is 1",
    ]);
  });
});

describe("stores a tenant names itself", () => {
  it("keep their order and are held to the same rules", () => {
    const choice = chooseStores(
      planWith({ apartKm: 500 }, ["AE"]),
      [abuDhabi, dubai, frankfurt, unknown],
      places,
    );
    expect(choice.stores).toEqual([abuDhabi, dubai, frankfurt, unknown]);
    expect(choice.problems).toEqual([
      "frankfurt lies in DE, and the plan's residency allows AE",
      "unknown has no location, and the plan's residency allows AE",
      "abu-dhabi and dubai are 123 km apart, and the plan wants 500 km",
      "the distance from abu-dhabi to unknown is not known (latitude and longitude), and the plan wants 500 km",
      "the distance from dubai to unknown is not known (latitude and longitude), and the plan wants 500 km",
      "the distance from frankfurt to unknown is not known (latitude and longitude), and the plan wants 500 km",
    ]);
  });
});
