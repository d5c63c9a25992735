/** All damages by name. */
import { Failure } from "../base/failure.ts";
import { didYouMean } from "../base/nearest.ts";
import type { Damage } from "./challenge.ts";
import type { Family } from "./damage.ts";
import { dataDamages } from "./dump/data-damages.ts";
import { loadDamages } from "./dump/load-damages.ts";
import { schemaDamages } from "./dump/schema-damages.ts";
import { machineDamages } from "./machine/machine-damages.ts";
import { storeDamages } from "./store/store-damages.ts";

export const damageCatalogue: readonly Damage[] = [
  ...storeDamages,
  ...dataDamages,
  ...loadDamages.filter(({ family }) => family === "data"),
  ...schemaDamages,
  ...loadDamages.filter(({ family }) => family === "schema"),
  ...machineDamages,
];

export interface DamageWish {
  /** Names; empty: whatever the family allows. */
  readonly only: readonly string[];
  readonly family: Family | null;
}

/** In the order of the catalogue. "usage/invalid" names what there is no damage for. */
export function chooseDamages({ only, family }: DamageWish): readonly Damage[] {
  const names = damageCatalogue.map(({ name }) => name);
  const unknown = only.filter((name) => !names.includes(name));
  const [first] = unknown;
  if (first !== undefined)
    throw new Failure("usage/invalid", `there is no damage ${unknown.join(", ")}`, {
      hint: didYouMean(first, names) ?? "`holdfast challenge --list` names them all",
    });
  const chosen = damageCatalogue.filter(
    (damage) =>
      (only.length === 0 || only.includes(damage.name)) && (family === null || damage.family === family),
  );
  if (chosen.length > 0 || family === null) return chosen;
  // To find none of no damages would be a success for ever.
  throw new Failure("usage/invalid", `no damage of the family ${family} is called ${only.join(", ")}`, {
    hint: "`holdfast challenge --list` names them all",
  });
}
