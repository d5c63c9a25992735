/** Where stores and hosts are, and the pure rules about it: residency and distance (promise 12). */
import type { Plan } from "./plan.ts";

export interface Place {
  /** ISO 3166 code of the country whose law applies. */
  readonly jurisdiction: string;
  /** Degrees; null when not told. */
  readonly coordinates: Coordinates | null;
}

export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** Whether data under this rule may lie at `place`. A place that is not known is refused by every rule but `any`. */
export function mayLieAt(rule: Plan["residency"], place: Place | null): boolean {
  return rule === "any" || (place !== null && rule.includes(place.jurisdiction));
}

/** Mean radius of the Earth, IUGG. */
const earthRadiusKm = 6371.0088;

/** Great-circle distance in kilometres by the haversine formula on a sphere; good to about 0.5 %. */
export function distanceKm(one: Coordinates, other: Coordinates): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const half = (degrees: number): number => Math.sin(radians(degrees) / 2) ** 2;
  const across =
    half(other.latitude - one.latitude) +
    Math.cos(radians(one.latitude)) *
      Math.cos(radians(other.latitude)) *
      half(other.longitude - one.longitude);
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(across)));
}
