import { documentDamages } from "./document-damages.ts";
import { objectDamages } from "./object-damages.ts";
import { proofDamages } from "./proof-damages.ts";
import { recordDamages } from "./record-damages.ts";
import { seenDamages } from "./seen-damages.ts";
import type { StoreDamage } from "./store-damage.ts";
import { workerDamages } from "./worker-damages.ts";

export const storeDamages: readonly StoreDamage[] = [
  ...objectDamages,
  ...documentDamages,
  ...recordDamages,
  ...proofDamages,
  ...seenDamages,
  ...workerDamages,
];
