/** The port of damages to the machine that verifies: a broken desk, and what breaks while it works. */
import type { Waiting } from "../../base/waiting.ts";
import type { Desk } from "../../desk/desk.ts";
import type { AnyStore } from "../../stores/around.ts";
import type { CheckName } from "../../model/check.ts";
import type { DamageHead, Traces } from "../damage.ts";
import type { BrokenInstallation } from "./broken-installation.ts";

export interface MachineDamage extends DamageHead {
  readonly family: "machine";
  /** A copy that is whole is neither proven nor refuted by a machine that is not. */
  readonly expected: "inconclusive";
  /** Anything that breaks is inconclusive, the challenge's own hand as well. */
  readonly says: RegExp;
  readonly bend: (machine: MachineToBreak, wait: Waiting) => Promise<BrokenMachine>;
}

export interface MachineToBreak {
  /** Over stores of this damage alone, with a scratch folder that nobody else uses meanwhile. */
  readonly desk: Desk;
  /** For files; gone when the damage is over. */
  readonly folder: string;
  readonly installation: BrokenInstallation;
}

export interface BrokenMachine {
  readonly desk: Desk;
  /** How the store on trial is seen from this machine. */
  readonly lens?: (store: AnyStore) => AnyStore;
  /** Told of every phase of the verification as it begins; to break something then. */
  readonly onPhase?: (phase: string) => void;
  /** Gives back what `bend` took. */
  readonly end?: () => Promise<void>;
}

/** Where a load comes to no end, none of them can run; whoever was at work when a server went is left to chance. */
export const whateverIsRestored: readonly CheckName[] = ["objects", "twin", "tables"];

export function machineDamage(
  name: string,
  title: string,
  traces: Required<Traces>,
  bend: (machine: MachineToBreak, wait: Waiting) => Promise<BrokenMachine>,
): MachineDamage {
  return { name, title, ...traces, family: "machine", expected: "inconclusive", bend };
}
