/**
 * `node bench/fleet-schedule.ts`: one simulated week of the scheduler with a fleet of 10,000 tenants in twelve time zones,
 * a beat every 15 seconds and a restart every day. What was handed out is held against a count that shares only the
 * tenants' places in their windows with the rules of `src/model/schedule`: its calendar is that of `Intl`, minute by minute.
 *
 * `at` of tenants is exact, so their own starts stand together; only the plans' are spread.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { ManualClock } from "../src/base/clock.ts";
import { createScheduler } from "../src/daemon/scheduler.ts";
import { tenantId, type TenantId } from "../src/model/ids.ts";
import { plan, type Plan } from "../src/model/plan.ts";
import type { Slot, TenantChoice } from "../src/model/schedule.ts";
import { memorySlots } from "../test/support/memory-slots.ts";
import { type ChoosingTenant, expectedStarts } from "./expected-starts.ts";

export interface FleetSchedule {
  readonly tenants: number;
  readonly timeZones: number;
  readonly from: string;
  readonly days: number;
  readonly beatSeconds: number;
  readonly beats: number;
  /** Of user and system together, for each simulated day. */
  readonly cpuSecondsPerDay: readonly number[];
  readonly cpuMsPerBeat: number;
  readonly slots: { readonly daily: number; readonly weekly: number; readonly custom: number };
  readonly expected: number;
  readonly missed: number;
  /** Handed out twice, or without being expected. */
  readonly doubled: number;
  /** The longest from a slot's time to the beat that handed it out. */
  readonly latestSeconds: number;
  readonly starts: readonly StartsPerMinute[];
}

interface StartsPerMinute {
  readonly of: string;
  /** Over the minutes in which these can start. */
  readonly mean: number;
  readonly worst: number;
}

interface FleetTenant extends ChoosingTenant {
  readonly planName: string;
}

const zones = [
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "America/New_York",
  "America/Los_Angeles",
  "America/Sao_Paulo",
  "Asia/Dubai",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Tokyo",
  "Australia/Sydney",
  "Pacific/Auckland",
] as const;
/** The week in which the clocks of Berlin and London go back. */
const from = new Date("2026-10-19T00:00:00Z");
const days = 7;
const beatSeconds = 15;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export async function fleetSchedule(count = 10_000): Promise<FleetSchedule> {
  const fleet = fleetOf(count);
  const clock = new ManualClock(from);
  const choices = new Map(
    fleet.flatMap(({ id, choice }) => (choice === null ? [] : [[id, choice] as const])),
  );
  const handedOut: Slot[] = [];
  let latestMs = 0;
  const parts = {
    catalog: { now: async () => clock.now(), choices: choicesOf(choices), slots: memorySlots() },
    enqueue: async (slots: readonly Slot[]) => {
      for (const slot of slots) latestMs = Math.max(latestMs, clock.now().getTime() - Date.parse(slot.at));
      handedOut.push(...slots);
    },
    tell: () => undefined,
  };
  const wait = { signal: new AbortController().signal };
  await createScheduler(parts).beat(fleet, wait);
  const cpuSecondsPerDay: number[] = [];
  const beatsPerDay = dayMs / 1000 / beatSeconds;
  for (let day = 0; day < days; day += 1) {
    const scheduler = createScheduler(parts);
    const before = process.cpuUsage();
    for (let beat = 0; beat < beatsPerDay; beat += 1) {
      clock.advance(beatSeconds * 1000);
      await scheduler.beat(fleet, wait);
    }
    const { user, system } = process.cpuUsage(before);
    cpuSecondsPerDay.push(rounded((user + system) / 1e6));
  }
  const expected = new Set(
    fleet.flatMap((tenant) => expectedStarts(tenant, from.getTime(), clock.now().getTime())),
  );
  const found = new Set(handedOut.map(startOf));
  const ofKind = (kind: string): number => handedOut.filter((slot) => slot.kind === kind).length;
  return {
    tenants: fleet.length,
    timeZones: zones.length,
    from: from.toISOString(),
    days,
    beatSeconds,
    beats: days * beatsPerDay,
    cpuSecondsPerDay,
    cpuMsPerBeat: rounded((sum(cpuSecondsPerDay) * 1000) / (days * beatsPerDay)),
    slots: { daily: ofKind("daily"), weekly: ofKind("weekly"), custom: ofKind("custom") },
    expected: expected.size,
    missed: expected.difference(found).size,
    doubled: found.difference(expected).size + handedOut.length - found.size,
    latestSeconds: latestMs / 1000,
    starts: startsPerMinute(fleet, handedOut),
  };
}

/** Of twenty tenants twelve are standard, five business and three enterprise; who may choose mostly does. */
function fleetOf(count: number): readonly FleetTenant[] {
  const plans = {
    standard: shipped("standard"),
    business: shipped("business"),
    enterprise: shipped("enterprise"),
  };
  return Array.from({ length: count }, (_, index) => {
    const place = index % 20;
    const planName = place < 12 ? "standard" : place < 17 ? "business" : "enterprise";
    return {
      id: tenantId.parse(`tenant-${String(index)}`),
      planName,
      plan: plans[planName],
      timeZone: zones[Math.floor(index / 20) % zones.length] ?? "UTC",
      choice: chosen[place] ?? null,
    };
  });
}

const chosen: Readonly<Record<number, TenantChoice>> = {
  13: { kind: "every", everyMs: 6 * hourMs },
  14: { kind: "at", times: ["00:30", "06:30", "12:30", "18:30"] },
  15: { kind: "at", times: ["02:30"] },
  17: { kind: "every", everyMs: hourMs },
  18: { kind: "every", everyMs: hourMs },
  19: { kind: "every", everyMs: 2 * hourMs },
};

function shipped(name: string): Plan {
  return plan.parse(parse(readFileSync(resolve(import.meta.dirname, `../plans/${name}.yaml`), "utf8")));
}

function choicesOf(
  choices: ReadonlyMap<TenantId, TenantChoice>,
): Parameters<typeof createScheduler>[0]["catalog"]["choices"] {
  return {
    all: async () => choices,
    of: async (tenant) => choices.get(tenant) ?? null,
    set: () => Promise.reject(new Error("nobody chooses here")),
  };
}

function startOf({ tenant, kind, at }: Slot): string {
  return `${tenant} ${kind} ${String(Date.parse(at))}`;
}

/** The plan's daily starts of each plan in one zone, within its window; and all starts of the week. */
function startsPerMinute(fleet: readonly FleetTenant[], slots: readonly Slot[]): readonly StartsPerMinute[] {
  const tenants = new Map(fleet.map((tenant) => [tenant.id, tenant]));
  const windows = [...new Map(fleet.map((tenant) => [tenant.planName, tenant]))].flatMap(
    ([name, { plan }]) => {
      const spreadMinutes = (plan.schedules.daily?.spread ?? 0) / 60_000;
      const starts = slots.filter(({ tenant, kind }) => {
        const of = tenants.get(tenant);
        return kind === "daily" && of?.planName === name && of.timeZone === "UTC";
      });
      return perMinute(`daily windows of ${name}, one zone`, starts, spreadMinutes * days);
    },
  );
  const minutes = (days * dayMs) / 60_000;
  const planned = slots.filter(({ kind }) => kind !== "custom");
  return [
    ...windows,
    perMinute("all that plans set", planned, minutes),
    perMinute("all, tenants' own included", slots, minutes),
  ];
}

function perMinute(of: string, slots: readonly Slot[], minutes: number): StartsPerMinute {
  const counts = new Map<string, number>();
  for (const { at } of slots) counts.set(at.slice(0, 16), (counts.get(at.slice(0, 16)) ?? 0) + 1);
  return { of, mean: rounded(slots.length / minutes), worst: Math.max(0, ...counts.values()) };
}

export function fleetScheduleText(result: FleetSchedule): string {
  const { daily, weekly, custom } = result.slots;
  return [
    `${String(result.tenants)} tenants in ${String(result.timeZones)} time zones, ${String(result.days)} days, a beat every ${String(result.beatSeconds)} s`,
    `CPU of the scheduler    ${(sum(result.cpuSecondsPerDay) / result.days).toFixed(1)} s a simulated day, ${String(result.cpuMsPerBeat)} ms a beat`,
    `slots handed out        ${String(daily)} daily, ${String(weekly)} weekly, ${String(custom)} of tenants' own; at most ${String(result.latestSeconds)} s late`,
    `against ${String(result.expected)} expected  ${String(result.missed)} missed, ${String(result.doubled)} doubled`,
    ...result.starts.map(
      ({ of, mean, worst }) => `starts a minute         ${of}: mean ${String(mean)}, worst ${String(worst)}`,
    ),
  ].join("\n");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}

if (import.meta.main) {
  const result = await fleetSchedule();
  const path = resolve(import.meta.dirname, "results/fleet-schedule.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${fleetScheduleText(result)}\n`);
  if (result.missed + result.doubled > 0) process.exitCode = 1;
}
