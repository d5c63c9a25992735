/** Thirty days as the README shows them: the chart, and the figures of the last day. */
import { type Kept, machineOf, markdown } from "./markdown.ts";
import { keepText } from "./thirty-days-chart.ts";
import { type PlanOfDays, requestsOf, thirtyDaysShape } from "./thirty-days-result.ts";

/** Null where nothing was kept yet. */
export function thirtyDaysFigures(kept: Kept): string | null {
  const result = kept("thirty-days", thirtyDaysShape);
  if (result === null) return null;
  const { plans, notes, machine, databaseBytes, scale } = result;
  const days = plans[0]?.contestants[0]?.days.length ?? 0;
  const what = `${String(days)} working days in a row on the bench database at scale ${String(scale)} (${megabytes(databaseBytes.first)} MB with its indexes), one backup a day of the same state by each, removal by the rule of two plans that are shipped; ${machineOf(machine)}:`;
  const head = [
    "plan",
    "who",
    "MB stored",
    "MB written in all",
    "backups",
    "objects",
    "requests on day 2",
    "on the last day",
    "of them proofs",
    "of them listings",
  ];
  return [
    "### Thirty days (`npm run bench:days`)",
    "",
    what,
    "",
    "![Bytes and objects in one store and requests a day, over thirty days](docs/thirty-days.svg)",
    "",
    markdown(head, plans.flatMap(rowsOf), 2),
    "",
    ...plans.map(({ plan, keep }) => `- Plan ${plan} keeps ${keepText(keep)}.`),
    ...notes.map((note) => `- ${note}`),
  ].join("\n");
}

function rowsOf({ plan, contestants }: PlanOfDays): string[][] {
  return contestants.flatMap(({ who, days }) => {
    const [early, last] = [days[1], days.at(-1)];
    if (early === undefined || last === undefined) return [];
    const written = days.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0);
    return [
      [
        plan,
        who,
        megabytes(last.storedBytes),
        megabytes(written),
        String(last.backups),
        String(last.objects),
        String(requestsOf(early)),
        String(requestsOf(last)),
        String(requestsOf(last, { step: "verify" })),
        String(requestsOf(last, { operation: "list" })),
      ],
    ];
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
