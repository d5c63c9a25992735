/** The figures of a fleet as the README shows them, from what `npm run bench:fleet` keeps in `bench/results/`. */
import { z } from "zod";
import { type Kept, machineOf, machineShape, markdown } from "./markdown.ts";

const schedule = z.object({
  tenants: z.number(),
  timeZones: z.number(),
  days: z.number(),
  beatSeconds: z.number(),
  cpuSecondsPerDay: z.array(z.number()),
  cpuMsPerBeat: z.number(),
  slots: z.object({ daily: z.number(), weekly: z.number(), custom: z.number() }),
  expected: z.number(),
  missed: z.number(),
  doubled: z.number(),
  latestSeconds: z.number(),
  starts: z.array(z.object({ of: z.string(), mean: z.number(), worst: z.number() })),
});

const catalog = z.object({
  tenants: z.number(),
  copies: z.number(),
  questions: z.array(z.object({ question: z.string(), serverMs: z.number(), medianMs: z.number() })),
});

const pace = z.object({
  at: z.string(),
  machine: machineShape,
  tenants: z.number(),
  tables: z.number(),
  bytesEach: z.number(),
  turns: z.array(
    z.object({ who: z.string(), what: z.string(), tenantsPerMinute: z.number(), cpuSeconds: z.number() }),
  ),
  paceOfAll: z.number(),
  paceAgain: z.number(),
  notes: z.array(z.string()),
});

const small = z.object({
  machine: machineShape,
  runs: z.number(),
  tables: z.number(),
  bytes: z.number(),
  figures: z.array(
    z.object({
      what: z.string(),
      pgDumpSeconds: z.number(),
      holdfastSeconds: z.number(),
      ratio: z.number(),
      requests: z.number(),
      chunks: z.number(),
    }),
  ),
});

/** Null where nothing was kept yet. */
export function fleetFigures(kept: Kept): string | null {
  const parts = [
    ofSchedule(kept("fleet-schedule", schedule)),
    ofCatalog(kept("fleet-catalog", catalog)),
    ofPace(kept("fleet-pace", pace)),
    ofSmall(kept("small-tenant", small)),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : ["### A fleet (`npm run bench:fleet`)", ...parts].join("\n\n");
}

function ofSchedule(result: z.infer<typeof schedule> | null): string | null {
  if (result === null) return null;
  const { tenants, timeZones, days, beatSeconds, cpuSecondsPerDay, slots, starts } = result;
  const cpu = cpuSecondsPerDay.reduce((sum, one) => sum + one, 0) / days;
  const what = [
    `**Scheduler.** ${thousands(tenants)} tenants in ${String(timeZones)} time zones, ${String(days)} simulated days with a change of clocks, a beat every ${String(beatSeconds)} s:`,
    `${cpu.toFixed(0)} s of CPU a simulated day (${String(result.cpuMsPerBeat)} ms a beat);`,
    `${thousands(result.expected)} slots expected by an independent count (${thousands(slots.daily)} daily, ${thousands(slots.weekly)} weekly, ${thousands(slots.custom)} of tenants' own), ${String(result.missed)} missed, ${String(result.doubled)} doubled, none more than ${String(result.latestSeconds)} s late.`,
  ].join(" ");
  const rows = starts.map(({ of, mean, worst }) => [
    of,
    mean.toFixed(1),
    String(worst),
    (worst / mean).toFixed(1),
  ]);
  return [what, "", markdown(["starts a minute", "mean", "worst minute", "worst ÷ mean"], rows, 1)].join(
    "\n",
  );
}

function ofCatalog(result: z.infer<typeof catalog> | null): string | null {
  if (result === null) return null;
  const what = `**Catalog** with ${thousands(result.tenants)} tenants and ${thousands(result.copies)} copies; what status, \`/metrics\` and the planner ask:`;
  const rows = result.questions.map(({ question, serverMs, medianMs }) => [
    question,
    serverMs.toFixed(1),
    medianMs.toFixed(1),
  ]);
  return [what, "", markdown(["question", "server ms", "caller's median ms"], rows, 1)].join("\n");
}

function ofPace(result: z.infer<typeof pace> | null): string | null {
  if (result === null) return null;
  const { tenants, tables, bytesEach, turns, notes } = result;
  const ofAll = turns.filter(({ what }) => what.startsWith("all tenants"));
  const rows = ofAll.map(({ what, who, tenantsPerMinute, cpuSeconds }) => {
    const ours = ofAll.find((one) => one.what === what && one.who === "holdfast");
    const ratio =
      ours === undefined || who === "holdfast" ? "" : (ours.tenantsPerMinute / tenantsPerMinute).toFixed(2);
    return [what, who, tenantsPerMinute.toFixed(0), (cpuSeconds / tenants).toFixed(2), ratio];
  });
  const head = ["step", "who", "tenants a minute", "CPU s a tenant", "holdfast's pace ÷ this"];
  const what = `**Pace.** ${String(tenants)} databases of ${String(tables)} tables and ${(bytesEach / 1_000_000).toFixed(1)} MB on one source, ${machineOf(result.machine)}:`;
  return [what, "", markdown(head, rows, 2), "", ...notes.map((note) => `- ${note}`)].join("\n");
}

function ofSmall(result: z.infer<typeof small> | null): string | null {
  if (result === null) return null;
  const { runs, tables, bytes, figures } = result;
  const rows = figures.map(({ what, pgDumpSeconds, holdfastSeconds, ratio, requests, chunks }) => [
    what,
    pgDumpSeconds.toFixed(2),
    holdfastSeconds.toFixed(2),
    ratio.toFixed(2),
    requests.toFixed(1),
    String(chunks),
  ]);
  const head = ["step", "pg_dump -Fc s", "holdfast s", "ratio", "requests to each store", "of them chunks"];
  const what = `**One small tenant alone,** ${String(tables)} tables and ${(bytes / 1_000_000).toFixed(1)} MB, the whole command line, medians of ${String(runs)} turns, ${machineOf(result.machine)}:`;
  return [what, "", markdown(head, rows, 1)].join("\n");
}

function thousands(number: number): string {
  return number.toLocaleString("en");
}
