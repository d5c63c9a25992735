import { deskDamages } from "./desk-damages.ts";
import type { MachineDamage } from "./machine-damage.ts";
import { serverDamages } from "./server-damages.ts";

export const machineDamages: readonly MachineDamage[] = [...serverDamages, ...deskDamages];
