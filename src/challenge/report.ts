/** What a challenge came to, as data; the JSON of `holdfast challenge`. */
import type { Family, Outcome, Witness } from "./damage.ts";

/** `undamaged`: nothing was wrong, and anything but `proven` is a false alarm. */
export type ChallengedFamily = Family | "undamaged";

export interface ChallengeResult {
  readonly name: string;
  readonly family: ChallengedFamily;
  readonly title: string;
  readonly expected: Outcome;
  /** Null: the examination failed instead of finding anything, which is no finding either. */
  readonly outcome: Outcome | null;
  /** Whether what was expected came of it. */
  readonly asExpected: boolean;
  /** Who had to see it; one of them, where there are several. */
  readonly seenBy: readonly Witness[];
  /** Who saw it. */
  readonly by: readonly Witness[];
  /** What was expected came of it, but by none of those who had to see it: they are blind to it. */
  readonly byAccident: boolean;
  /** One line for people; the challenge's tenants hold nobody's data. */
  readonly detail: string;
  readonly seconds: number;
}

export interface ChallengeReport {
  readonly damages: number;
  readonly found: number;
  /** Names of damages that came out otherwise than they should, or were found by accident. */
  readonly missed: readonly string[];
  /** Of those the ones that were found, but not by whoever had to find them. */
  readonly byAccident: readonly string[];
  /** Tenants and copies that nothing was wrong with. */
  readonly undamaged: number;
  /** Names of those that were not called proven. */
  readonly falseAlarms: readonly string[];
  /** Damages that this machine has no walls for: verification here does not load what they are about. */
  readonly leftOut: readonly string[];
  readonly seconds: number;
  readonly results: readonly ChallengeResult[];
}

export function challengeReport(
  results: readonly ChallengeResult[],
  leftOut: readonly string[],
  seconds: number,
): ChallengeReport {
  const damages = results.filter(({ family }) => family !== "undamaged");
  const undamaged = results.filter(({ family }) => family === "undamaged");
  const strange = (of: readonly ChallengeResult[]): string[] =>
    of.filter(({ asExpected }) => !asExpected).map(({ name }) => name);
  const missed = strange(damages);
  return {
    damages: damages.length,
    found: damages.length - missed.length,
    missed,
    byAccident: damages.filter(({ byAccident }) => byAccident).map(({ name }) => name),
    undamaged: undamaged.length,
    falseAlarms: strange(undamaged),
    leftOut,
    seconds,
    results,
  };
}
