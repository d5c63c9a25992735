/** When a tenant's backups are to start, counted without the scheduler's calendar: by what `Intl` shows each minute. */
import { spreadMs } from "../src/model/schedule/spread.ts";
import type { ScheduledTenant } from "../src/daemon/scheduler.ts";
import type { TenantChoice } from "../src/model/schedule.ts";

export interface ChoosingTenant extends ScheduledTenant {
  readonly choice: TenantChoice | null;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `tenant kind instant` of every start after `fromMs` and up to `upToMs`. */
export function expectedStarts(tenant: ChoosingTenant, fromMs: number, upToMs: number): readonly string[] {
  const { id, plan, timeZone, choice } = tenant;
  const { daily, weekly } = plan.schedules;
  const starts: string[] = [];
  const note = (kind: string, atMs: number): void => {
    if (atMs > fromMs && atMs <= upToMs) starts.push(`${id} ${kind} ${String(atMs)}`);
  };
  const shown = firstMinutes(timeZone, fromMs - 2 * dayMs, upToMs + dayMs);
  // Local midnights as the calendar has them, the clock's changes left to the table.
  for (let midnight = fromMs - 2 * dayMs; midnight <= upToMs + dayMs; midnight += dayMs) {
    const at = (time: string, offsetMs: number): number => {
      const local = midnight + minutesOf(time) * minuteMs + offsetMs;
      const first = shown.get(Math.floor(local / minuteMs));
      return first === undefined ? Number.NaN : first + (local % minuteMs);
    };
    if (daily !== null) note("daily", at(daily.from, spreadMs(id, "daily", daily.spread)));
    if (weekly !== null && weekday.format(midnight).toLowerCase() === weekly.on) {
      note("weekly", at(weekly.from, spreadMs(id, "weekly", weekly.spread)));
    }
    if (choice?.kind === "at") for (const time of choice.times) note("custom", at(time, 0));
  }
  if (choice?.kind === "every") {
    const first = spreadMs(id, "custom", choice.everyMs);
    for (let atMs = first; atMs <= upToMs; atMs += choice.everyMs) note("custom", atMs);
  }
  return starts;
}

const weekday = new Intl.DateTimeFormat("en", { timeZone: "UTC", weekday: "long" });
const tables = new Map<string, ReadonlyMap<number, number>>();

/** Of each minute of a local clock the instant at which it showed it first; a minute that it skips, when it did so. */
function firstMinutes(timeZone: string, fromMs: number, upToMs: number): ReadonlyMap<number, number> {
  const known = tables.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  const table = new Map<number, number>();
  let next: number | undefined;
  for (let atMs = fromMs; atMs <= upToMs; atMs += minuteMs) {
    const local = Date.parse(`${format.format(atMs).replace(" ", "T")}Z`) / minuteMs;
    for (next ??= local; next <= local; next += 1) table.set(next, atMs);
  }
  tables.set(timeZone, table);
  return table;
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
