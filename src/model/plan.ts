/** A plan: a service tier as a YAML file in `plans/`. */
import { z } from "zod";
import { duration } from "./duration.ts";

export const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 01:30");
export const weekday = z.enum(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]);
/** A backup that outlives the grace time of a prune would name what the prune removes (trap 27). */
export const backupLengthMaxMs = 12 * 3_600_000;

const count = z.int().nonnegative();

function isTimeZone(name: string): boolean {
  // To ask for any other one takes the data of all calendars, longer than to read the plan.
  if (name === "UTC") return true;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export const timeZone = z.string().refine(isTimeZone, "must be a time zone such as Asia/Dubai");

const window = z.strictObject({
  from: localTime,
  /** Starts spread over this long after `from`. */
  spread: duration,
});

const assertion = z.strictObject({
  name: z.string().min(1),
  /** One row, one column, run as the tenant's role in scratch; compared as text. */
  query: z.string().min(1),
  expect: z.string(),
});
export type Assertion = z.infer<typeof assertion>;

export const plan = z.strictObject({
  version: z.literal(1),
  title: z.string().min(1),
  schedules: z.strictObject({
    daily: window.nullable(),
    weekly: window.extend({ on: weekday }).nullable(),
    timeZone: timeZone.default("UTC"),
  }),
  /** What a tenant may choose beside the plan's own schedule; `null`: nothing. */
  tenantChoice: z
    .strictObject({
      minInterval: duration,
      maxPerDay: z.int().positive(),
      allowedHours: z.strictObject({ from: localTime, to: localTime }),
    })
    .nullable(),
  copies: z
    .strictObject({
      /** Stores that are to hold each backup. */
      count: z.int().positive(),
      /** Stores that must hold it for the backup to count. */
      quorum: z.int().positive(),
      /** Least distance between any two stores of a tenant. */
      apartKm: z.number().nonnegative().default(0),
    })
    .refine((copies) => copies.quorum <= copies.count, {
      error: "quorum must not exceed count",
      path: ["quorum"],
    }),
  /** ISO 3166 codes where the tenant's data may lie and be restored for proof; `any`: no rule. */
  residency: z.union([z.literal("any"), z.array(z.string().regex(/^[A-Z]{2}$/)).min(1)]),
  retention: z.strictObject({
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    lock: duration.nullable(),
    /** The largest share of a tenant's backups one prune may remove. */
    pruneShareMax: z.number().min(0).max(1),
  }),
  verification: z.strictObject({
    /** Every copy is restored and compared within this time after it was made. */
    everyCopyWithin: duration,
    /** And again whenever the newest proof has become older than this; `null`: once, and scrubs watch it from then on. */
    againWithin: duration.nullable().default(null),
    /** Within this time every object of every copy is read and compared with its inventory. */
    scrubWithin: duration.default(30 * 86_400_000),
    /** When amcheck reads every index of the restored copy. */
    indexes: z.enum(["never", "weekly", "always"]),
    assertions: z.array(assertion).default([]),
    /** Extensions left out of backup and proof, by name; the verdict carries the exclusion. */
    leaveOutExtensions: z.array(z.string()).default([]),
  }),
  objectives: z.strictObject({
    recoveryPoint: duration,
    recoveryTime: duration,
  }),
  sealing: z.strictObject({ zstdLevel: z.int().min(1).max(19).default(3) }).default({ zstdLevel: 3 }),
  largeObjects: z.enum(["include", "ignore"]).default("include"),
  /** The longest a snapshot may hold back the source's vacuum. */
  maxSnapshotAge: duration
    .refine((ms) => ms <= backupLengthMaxMs, "must not exceed 12h, half the time that a prune waits")
    .default(6 * 3_600_000),
  /** How long the holder may stand in the way of somebody's lock before it yields. */
  yieldAfter: duration.default(10_000),
});
export type Plan = z.infer<typeof plan>;

/** The interval within which a new backup is expected. */
export function expectedIntervalMs(of: Plan): number | null {
  if (of.schedules.daily !== null) return 86_400_000;
  return of.schedules.weekly === null ? null : 7 * 86_400_000;
}
