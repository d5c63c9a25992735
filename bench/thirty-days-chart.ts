/** Thirty days as a chart: a column for each plan's rule, a row for what lies in the store, its objects and its requests. */
import { type Chart, type Line, type Row, svgOf } from "./chart.ts";
import {
  type Day,
  type Keep,
  names,
  type PlanOfDays,
  requestsOf,
  type ThirtyDays,
} from "./thirty-days-result.ts";

const styles = [
  { name: names.us, style: "first" },
  { name: `${names.us} without its proofs`, style: "first-dashed" },
  { name: names.pipe, style: "second" },
  { name: names.restic, style: "third" },
] as const satisfies Chart["legend"];

export function thirtyDaysChart({ plans, databaseBytes, scale }: ThirtyDays): string {
  const row = (heightPx: number, panel: (plan: PlanOfDays) => Row["panels"][number]): Row => ({
    heightPx,
    panels: plans.map(panel),
  });
  return svgOf({
    title: `${String(plans[0]?.contestants[0]?.days.length ?? 0)} working days, a backup a day`,
    subtitle: `What lies in one store and what is asked of it. Bench database at scale ${String(scale)}, ${megabytes(databaseBytes.first)} MB with its indexes; about 1 % new and 0.5 % changed rows a day.`,
    legend: styles,
    rows: [
      row(200, (plan) => ({
        title: `Plan ${plan.plan}`,
        unit: `MB stored · ${keepText(plan.keep)}`,
        lines: linesOf(plan, ({ storedBytes }) => storedBytes / 1e6),
      })),
      row(110, (plan) => ({
        title: "Objects",
        unit: "stored at the end of the day",
        lines: linesOf(plan, ({ objects }) => objects),
      })),
      row(110, (plan) => ({
        title: "Requests",
        unit: "a day: backup, prune and proof",
        lines: [
          ...linesOf(plan, (day) => requestsOf(day)),
          ...lineOf(
            plan,
            styles[0].name,
            styles[1].style,
            (day) => requestsOf(day) - requestsOf(day, { step: "verify" }),
          ),
        ],
      })),
    ],
    places: "day",
  });
}

/** `35 daily, 13 weekly, 24 monthly, 7 yearly` */
export function keepText(keep: Keep): string {
  return Object.entries(keep)
    .filter(([, places]) => places > 0)
    .map(([period, places]) => `${String(places)} ${period}`)
    .join(", ");
}

function linesOf(plan: PlanOfDays, value: (day: Day) => number): Line[] {
  return styles.flatMap(({ name, style }) => lineOf(plan, name, style, value));
}

function lineOf(plan: PlanOfDays, who: string, style: Line["style"], value: (day: Day) => number): Line[] {
  return plan.contestants
    .filter((one) => one.who === who)
    .map(({ days }) => ({ style, values: days.map(value) }));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
