import type { StoreName } from "../model/ids.ts";
import { distanceKm, mayLieAt, type Place } from "../model/place.ts";
import type { Plan } from "../model/plan.ts";

export interface StoreChoice {
  /** In order of preference. */
  readonly stores: readonly StoreName[];
  /** Why this choice cannot keep what the plan promises; empty when it can. */
  readonly problems: readonly string[];
}

type Locations = ReadonlyMap<StoreName, Place | null>;

/**
 * Which stores hold a tenant's copies. A tenant's `own` list is taken as it stands, in its order,
 * and only examined. Without one: the first `copies.count` stores of the file that the plan's
 * residency allows and that lie `apartKm` from those already taken.
 */
export function chooseStores(plan: Plan, own: readonly StoreName[] | undefined, all: Locations): StoreChoice {
  return own === undefined ? byPlan(plan, all) : { stores: own, problems: examine(plan, own, all) };
}

function byPlan(plan: Plan, all: Locations): StoreChoice {
  const taken: StoreName[] = [];
  for (const [name, place] of all) {
    if (taken.length === plan.copies.count) break;
    if (!mayLieAt(plan.residency, place)) continue;
    if (taken.every((other) => farEnough(plan, place, all.get(other) ?? null))) taken.push(name);
  }
  if (taken.length === plan.copies.count) return { stores: taken, problems: [] };
  const rules = [
    ...(plan.residency === "any" ? [] : [`lie in ${plan.residency.join(" or ")}`]),
    ...(plan.copies.apartKm === 0 ? [] : [`are ${String(plan.copies.apartKm)} km apart`]),
  ];
  const such = rules.length === 0 ? "" : ` that ${rules.join(" and ")}`;
  return {
    stores: taken,
    problems: [
      `the plan wants ${countOf(plan.copies.count)}${such}, and there ${taken.length === 1 ? "is" : "are"} ${String(taken.length)}`,
    ],
  };
}

function countOf(stores: number): string {
  return stores === 1 ? "1 store" : `${String(stores)} stores`;
}

function examine(plan: Plan, own: readonly StoreName[], all: Locations): string[] {
  // A name that is no store is told by whoever checks the references.
  const known = own.filter((name) => all.has(name));
  const problems: string[] = [];
  if (own.length < plan.copies.quorum) {
    problems.push(
      `names ${countOf(own.length)}, fewer than the plan's quorum of ${String(plan.copies.quorum)}`,
    );
  }
  for (const name of known) {
    const place = all.get(name) ?? null;
    if (mayLieAt(plan.residency, place) || plan.residency === "any") continue;
    const where = place === null ? "has no location" : `lies in ${place.jurisdiction}`;
    problems.push(`${name} ${where}, and the plan's residency allows ${plan.residency.join(", ")}`);
  }
  known.forEach((name, index) => {
    for (const other of known.slice(index + 1)) {
      const problem = nearness(
        plan,
        { name, place: all.get(name) ?? null },
        { name: other, place: all.get(other) ?? null },
      );
      if (problem !== null) problems.push(problem);
    }
  });
  return problems;
}

interface Sited {
  readonly name: StoreName;
  readonly place: Place | null;
}

function nearness(plan: Plan, one: Sited, other: Sited): string | null {
  if (farEnough(plan, one.place, other.place)) return null;
  const km = distance(one.place, other.place);
  const wanted = `the plan wants ${String(plan.copies.apartKm)} km`;
  return km === null
    ? `the distance from ${one.name} to ${other.name} is not known (latitude and longitude), and ${wanted}`
    : `${one.name} and ${other.name} are ${String(Math.round(km))} km apart, and ${wanted}`;
}

function farEnough(plan: Plan, one: Place | null, other: Place | null): boolean {
  if (plan.copies.apartKm === 0) return true;
  const km = distance(one, other);
  return km !== null && km >= plan.copies.apartKm;
}

function distance(one: Place | null, other: Place | null): number | null {
  if (one === null || other === null) return null;
  if (one.coordinates === null || other.coordinates === null) return null;
  return distanceKm(one.coordinates, other.coordinates);
}
