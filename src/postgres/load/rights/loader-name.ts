import { type Chance, randomBase32 } from "../../../base/chance.ts";

const prefix = "holdfast_load_";

/** A name for the temporary login of one load, by which it is known should it be left behind. */
export function newLoaderName(chance: Chance): string {
  return `${prefix}${randomBase32(chance, 12)}`;
}

export function isLoader(role: string): boolean {
  return /^holdfast_load_[a-z2-7]{12}$/.test(role);
}
