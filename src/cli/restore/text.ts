/** What `holdfast restore` prints for people. */
import type { RestorePlan, RestoreReport } from "../../restore/restore.ts";
import { count, spellBytes, spellSeconds, table } from "../frame/text.ts";

export function planText(plan: RestorePlan): string {
  return [
    `${plan.proven ? "verified" : "UNPROVEN"} backup ${plan.backup} of ${plan.at}`,
    plan.age,
    `${count(plan.tables, "table")}, ${count(plan.rows, "row")}, ${spellBytes(plan.bytes)} from ${plan.from.join(", then ")}`,
    "",
    table(
      ["target", "", ""],
      plan.target.map(({ name, outcome, detail }) => [name, outcome, detail]),
    ),
    "",
    plan.suitable ? "the restore can go ahead" : "the target cannot take this backup",
  ].join("\n");
}

export function reportText(report: RestoreReport, database: string): string {
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
  return [
    `${report.tenant} ${report.backup} restored to ${database} from ${report.from.join(", ")}`,
    `${count(report.tables, "table")}, ${count(report.rows, "row")}, ${spellBytes(report.bytes)}`,
    `loaded after ${spellSeconds(report.loadedSeconds)}, compared after ${spellSeconds(report.seconds)}`,
    report.age,
    "",
    table(
      ["check", "outcome", "detail"],
      report.checks.map(({ name, outcome, detail }) => [name, outcome, detail]),
    ),
    ...listed("roles made as placeholders, without login", report.placeholders),
    ...listed("logins that need a password", report.loginsWithoutPassword),
    ...listed(
      "not restored",
      report.problems.map(({ subject, message }) => `${subject}: ${message}`),
    ),
    ...listed(
      "left out",
      report.leftOut.map(({ subject, reason }) => `${subject}: ${reason}`),
    ),
    ...listed("notes", report.notes),
  ].join("\n");
}
