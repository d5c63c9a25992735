/** What `challenge` says to people. */
import { type DamageHead, families } from "../../challenge/damage.ts";
import type { ChallengeReport, ChallengeResult } from "../../challenge/report.ts";
import { count, table } from "../frame/text.ts";

const detailLettersMax = 90;

/** As it happened. */
export function lineOf({
  name,
  asExpected,
  outcome,
  expected,
  by,
  detail,
  seconds,
}: ChallengeResult): string {
  const what = outcome ?? "failed";
  const seen = by.length === 0 ? "" : ` by ${by.join(", ")}`;
  const wrong = asExpected ? "" : `NOT AS EXPECTED (${expected}): `;
  const why = asExpected ? "" : `: ${detail}`;
  return `  ${wrong}${name}: ${what}${seen} (${seconds.toFixed(1)} s)${why}`;
}

export function damagesText(
  damages: readonly Pick<DamageHead, "name" | "family" | "expected" | "seenBy" | "title">[],
): string {
  return table(
    ["damage", "family", "must be", "by", "what"],
    damages.map(({ name, family, expected, seenBy, title }) => [
      name,
      family,
      expected,
      seenBy.join(" or "),
      title,
    ]),
  );
}

/** Every result, then how many of each family; what went wrong stands last, where it is seen. */
export function reportText(report: ChallengeReport): string {
  const each = table(
    ["challenge", "family", "must be", "came out", "by", "seconds", "what"],
    report.results.map(({ name, family, expected, outcome, seenBy, by, byAccident, seconds, title }) => [
      name,
      family,
      expected,
      outcome ?? "failed",
      byAccident ? `${byText(by)}, not ${seenBy.join(" or ")}` : byText(by),
      seconds.toFixed(1),
      title,
    ]),
  );
  const byFamily = table(
    ["family", "challenges", "as they should be"],
    [...families, "undamaged" as const].flatMap((family) => {
      const of = report.results.filter((result) => result.family === family);
      return of.length === 0
        ? []
        : [[family, String(of.length), String(of.filter(({ asExpected }) => asExpected).length)]];
    }),
  );
  const wrong = report.results
    .filter(({ asExpected }) => !asExpected)
    .map(({ name, family, expected, outcome, byAccident, detail }) => {
      const kind = family === "undamaged" ? "falsely accused" : byAccident ? "by accident" : "missed";
      return `${kind}: ${name}: ${expected} expected, ${outcome ?? "failed"}: ${detail.slice(0, detailLettersMax)}`;
    });
  const { damages, found, undamaged, falseAlarms, seconds } = report;
  const untried = report.leftOut.length === 0 ? "" : `, ${String(report.leftOut.length)} left out`;
  const sum = `${String(found)} of ${count(damages, "damage")} found${untried}, ${count(falseAlarms.length, "false alarm")} in ${count(undamaged, "undamaged run")}, ${seconds.toFixed(0)} s`;
  const leftOut =
    report.leftOut.length === 0
      ? []
      : [
          `left out, as scratch servers have no user or no network namespace of their own here: ${report.leftOut.join(", ")}`,
        ];
  return [each, byFamily, [...leftOut, ...wrong, sum].join("\n")].join("\n\n");
}

/** A server that is lost leaves a dozen checks open; the first few say enough. */
function byText(by: readonly string[]): string {
  return by.length <= 3 ? by.join(", ") : `${by.slice(0, 2).join(", ")} and ${String(by.length - 2)} more`;
}
