import { join } from "node:path";
import { Failure, reasonOf } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Desk } from "../desk/desk.ts";
import { type Seen, seenByVerification } from "./look.ts";
import type { BrokenInstallation } from "./machine/broken-installation.ts";
import type { BrokenMachine, MachineDamage } from "./machine/machine-damage.ts";
import { seenThrough } from "./workbench.ts";
import { bothStores, quietly, type Round } from "./round.ts";

/** A copy that is whole is verified by a machine that is not. */
export async function challengeMachine(
  round: Round,
  damage: Pick<MachineDamage, "bend">,
  wait: Waiting,
): Promise<Seen> {
  const { ground, examiner } = round;
  const { tenant, newest, onTrial, installation } = ground;
  const giveBack = await round.breaking.take(1, wait);
  try {
    await using bench = await bothStores(round);
    await installation.say({});
    const whole = withScratchOfItsOwn(bench.desk(), ground.folder, installation);
    const { desk, lens, onPhase, end } = await damage.bend(
      { desk: whole, folder: bench.folder, installation },
      wait,
    );
    try {
      const seen = lens === undefined ? desk : seenThrough(desk, onTrial, lens);
      const asked = { backup: newest, store: onTrial };
      const hand = watched(onPhase);
      const report = await examiner.verify(seen, tenant, asked, quietly(hand.onPhase), wait);
      hand.demandDone();
      return seenByVerification(report);
    } finally {
      await end?.();
    }
  } finally {
    giveBack();
  }
}

/**
 * The damage is done from within the verification, which would take what the doing throws for a machine that broke:
 * what every damage is to come to, though it was never done.
 */
function watched(act: BrokenMachine["onPhase"]): {
  readonly onPhase: (phase: string) => void;
  readonly demandDone: () => void;
} {
  const thrown: unknown[] = [];
  return {
    onPhase: (phase) => {
      try {
        act?.(phase);
      } catch (cause) {
        thrown.push(cause);
      }
    },
    demandDone: () => {
      const [cause] = thrown;
      if (cause !== undefined)
        throw new Failure("program/failed", `the machine could not be broken: ${reasonOf(cause)}`, { cause });
    },
  };
}

/** Its servers are told from all others by where they lie, and are of the installation that can be broken. */
function withScratchOfItsOwn(desk: Desk, folder: string, { binFolder }: BrokenInstallation): Desk {
  const scratch = { ...desk.config.scratch, path: join(folder, "broken-scratch") };
  return { ...desk, binFolders: [binFolder], config: { ...desk.config, scratch } };
}
