/**
 * Verification under test. A verifier that was never shown to fail is an opinion; here it is given
 * what is known to be damaged, one damage at a time, and what is known to be whole.
 */
import { Failure, isFailure } from "../base/failure.ts";
import { Budget, eachAtOnce } from "../base/limit.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import type { VerifyReport } from "../verify/report.ts";
import { challengeDump, challengeLoad } from "./challenge-dump.ts";
import { challengeMachine } from "./challenge-machine.ts";
import { challengeSample } from "./challenge-sample.ts";
import { challengeStore } from "./challenge-store.ts";
import type { DumpDamage, Forge, LoadDamage, SampleTenant, Traces } from "./damage.ts";
import type { Examiner } from "./examiner.ts";
import type { Ground } from "./ground.ts";
import { isSeenByMeant, isTraceOf, type Seen, seenByVerification } from "./look.ts";
import type { MachineDamage } from "./machine/machine-damage.ts";
import { type ChallengeReport, challengeReport, type ChallengeResult } from "./report.ts";
import type { Round } from "./round.ts";
import { scratchLender } from "./scratch-lender.ts";
import { contentsOf } from "./store/contents.ts";
import type { StoreDamage } from "./store/store-damage.ts";
import { takesWalls } from "./tenant.ts";
import { controls, type Means } from "./controls.ts";

export type Damage = StoreDamage | DumpDamage | LoadDamage | MachineDamage;

export interface ChallengeOrder {
  readonly damages: readonly Damage[];
  /** Tenants with nothing wrong, beside the controls that belong to the families of `damages`. */
  readonly samples: readonly SampleTenant[];
  readonly examiner: Examiner;
  readonly forge: Forge;
  /** Challenges at once. */
  readonly width: number;
  readonly onResult: (result: ChallengeResult) => void;
}

/** Results in the order of the damages, controls and samples behind them. Throws when a challenge could not be made. */
export async function challenge(
  ground: Ground,
  order: ChallengeOrder,
  wait: Waiting,
): Promise<ChallengeReport> {
  const { monotonicMs } = ground.desk.machine;
  const startedMs = monotonicMs();
  await using lender = scratchLender();
  const { examiner, forge } = order;
  const round: Round = { ground, examiner, lender, forge, cloning: new Budget(1), breaking: new Budget(1) };
  const damages = order.damages.filter((damage) => ground.source.isWalledOff || !needsWalls(damage));
  if (damages.length === 0 && order.damages.length > 0) {
    throw new Failure(
      "scratch/isolation",
      `what can be tried on this machine is none of ${order.damages.map(({ name }) => name).join(", ")}`,
    );
  }
  const families = new Set(damages.map(({ family }) => family));
  const contents = await contentsOf(ground, wait);
  const means: Means = { round, contents };
  const results = new Map<Challenge, ChallengeResult>();
  const all: readonly Challenge[] = [
    ...damages.map((damage) => ({ ...damage, see: () => seeDamage(damage, means, wait) })),
    ...controls
      .filter(({ of }) => of.some((family) => families.has(family)))
      .map((control) => undamaged(control, () => control.see(means, wait))),
    ...order.samples.map((sample) => undamaged(sample, () => challengeSample(round, sample, wait))),
  ];
  await eachAtOnce(all, order.width, async (one) => {
    const result = await resultOf(one, monotonicMs, wait);
    results.set(one, result);
    order.onResult(result);
  });
  const seconds = (monotonicMs() - startedMs) / 1000;
  const leftOut = order.damages.filter((damage) => !damages.includes(damage)).map(({ name }) => name);
  const seen = all.flatMap((one) => results.get(one) ?? []);
  return challengeReport([...ground.verified.map(ofGround), ...seen], leftOut, seconds);
}

/** About something that the tenant of a machine without walls does not have. */
function needsWalls(damage: Damage): boolean {
  if ("statements" in damage) return damage.statements.some(takesWalls);
  return "altered" in damage && damage.altered.some(takesWalls);
}

interface Challenge extends Traces, Pick<ChallengeResult, "name" | "family" | "title" | "expected"> {
  readonly see: () => Promise<Seen>;
}

/** The verifications that the ground was laid with, which nothing was wrong with either. */
function ofGround(report: VerifyReport): ChallengeResult {
  const seen = seenByVerification(report);
  return {
    name: `${report.tenant}-in-${report.store}`,
    family: "undamaged",
    title: `backup ${report.backup} in store ${report.store}`,
    expected: "proven",
    asExpected: seen.outcome === "proven",
    seenBy: [],
    byAccident: false,
    ...seen,
    seconds: report.seconds,
  };
}

function undamaged({ name, title }: Pick<Challenge, "name" | "title">, see: Challenge["see"]): Challenge {
  return { name, title, family: "undamaged", expected: "proven", seenBy: [], see };
}

function seeDamage(damage: Damage, { round, contents }: Means, wait: Waiting): Promise<Seen> {
  switch (damage.family) {
    case "store":
      return challengeStore(round, damage, contents, wait);
    case "machine":
      return challengeMachine(round, damage, wait);
    case "data":
    case "schema":
      return "altered" in damage ? challengeLoad(round, damage, wait) : challengeDump(round, damage, wait);
  }
}

/** An examination that fails has found nothing: a broken backup is a finding (promise 5). */
async function resultOf(
  { name, family, title, expected, see, ...traces }: Challenge,
  monotonicMs: () => number,
  wait: Waiting,
): Promise<ChallengeResult> {
  const startedMs = monotonicMs();
  const told = (
    seen: Omit<Seen, "outcome"> & { readonly outcome: Seen["outcome"] | null },
  ): ChallengeResult => {
    const cameOut = seen.outcome === expected;
    const isOther = cameOut && !isTraceOf(traces, seen);
    const byAccident = cameOut && !isOther && !isSeenByMeant(traces, seen);
    const { seenBy } = traces;
    return {
      name,
      family,
      title,
      expected,
      asExpected: cameOut && !isOther && !byAccident,
      seenBy,
      byAccident,
      ...seen,
      detail: `${isOther ? "not what this damage makes: " : ""}${byAccident ? `not seen by ${seenBy.join(" or ")}: ` : ""}${seen.detail}`,
      seconds: (monotonicMs() - startedMs) / 1000,
    };
  };
  try {
    return told(await see());
  } catch (error) {
    if (!isFailure(error) || error.code === "internal/bug") throw error;
    // What an interruption breaks off may fail in words of its own; it is the interruption that is told.
    stillWaiting(wait);
    return told({ outcome: null, by: [], detail: `${error.code}: ${error.message}` });
  }
}
