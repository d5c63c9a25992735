/**
 * What people write in `holdfast.yaml` (design, section 9), as zod schemas. The JSON Schema in
 * `docs/` is made from these, so they describe the file and not what becomes of it.
 */
import { z } from "zod";
import { purpose } from "../model/glossary.ts";
import { instant, planName, sourceName, storeName, tenantId } from "../model/ids.ts";
import { duration } from "../model/duration.ts";
import { localTime, timeZone } from "../model/plan.ts";
import { parseSecretPlace } from "./secret.ts";

const text = z.string().min(1, "must not be empty");
const path = text.describe("a path, relative to this file");

const secret = z
  .string()
  .refine(
    (value) => parseSecretPlace(value) !== null,
    "must be env:NAME or file:PATH, never the secret itself",
  )
  .describe("env:NAME or file:PATH");

const silenceMsMost = 3_600_000;

const databaseUrl = z
  .string()
  .refine(isSecretOrOpenUrl, {
    error: "must be env:NAME, file:PATH or a postgres:// URL without a password",
    // Else a union with it would have these words alone.
    abort: true,
  })
  .describe("env:NAME, file:PATH or a postgres:// URL without a password");

/** Whether a URL of a database may be written like this: where it is kept, or itself when it holds no password. */
export function isSecretOrOpenUrl(value: string): boolean {
  if (parseSecretPlace(value) !== null) return true;
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return url.password === "" && !url.searchParams.has("password");
}

const jurisdiction = z.string().regex(/^[A-Z]{2}$/, "must be an ISO 3166 code such as AE");

export const placeSchema = z
  .strictObject({
    jurisdiction,
    latitude: z.number().min(-90).max(90).optional(),
    longitude: z.number().min(-180).max(180).optional(),
  })
  .refine((place) => (place.latitude === undefined) === (place.longitude === undefined), {
    error: "latitude and longitude go together",
  });

const recipient = z
  .string()
  .regex(/^age1(?:pq1[02-9ac-hj-np-z]+|[02-9ac-hj-np-z]{58})$/, "must be an age recipient (age1…)");

const directoryStore = z.strictObject({
  driver: z.literal("directory"),
  path,
  location: placeSchema.optional(),
});

const s3Store = z.strictObject({
  driver: z.literal("s3"),
  bucket: text,
  region: text,
  endpoint: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }).optional(),
  pathStyle: z.boolean().default(false),
  accessKeyId: secret,
  secretAccessKey: secret,
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
      "must be segments joined by /, without a slash at the end",
    )
    .optional(),
  checksums: z.enum(["always", "when-required"]).default("always"),
  lock: z.enum(["governance", "compliance"]).optional(),
  location: placeSchema.optional(),
});

export const storeSchema = z.discriminatedUnion("driver", [directoryStore, s3Store]);
export type StoreEntry = z.infer<typeof storeSchema>;

const trustedKey = z.strictObject({
  key: secret.describe("file:PATH of an Ed25519 public JWK"),
  may: z.array(purpose).min(1),
  from: instant.optional(),
  until: instant.optional(),
});

const recipients = z.array(recipient).default([]);

export const keysSchema = z.strictObject({
  workers: recipients,
  verifiers: z.array(recipient).min(1, "name at least one, or nothing can ever be proven"),
  restorers: z.array(recipient).min(1, "name at least one, or nothing can ever be restored"),
  escrow: recipients,
  identity: secret.optional(),
  signing: secret.optional(),
  trusted: z.array(trustedKey).min(1, "name at least one, or no record would be believed"),
});

export const sourceSchema = z.strictObject({
  url: databaseUrl,
  maxConcurrent: z.int().min(1).max(64).default(2),
  jobs: z.int().min(1).max(64).default(2),
});

const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;
const storeNames = z.array(storeName).min(1).refine(distinct, "names a store twice");

export const tenantSchema = z.strictObject({
  source: sourceName,
  database: text,
  schemas: z.array(text).min(1).refine(distinct, "names a schema twice").optional(),
  plan: planName,
  stores: storeNames.optional(),
  timeZone: timeZone.optional().describe("the tenant's own, such as Asia/Dubai; default: the plan's"),
});
export type TenantEntry = z.infer<typeof tenantSchema>;

const listen = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
    "must be an address and a port such as 127.0.0.1:9750",
  );

const places = z.int().min(0).max(64);

const hoursOfDay = z.strictObject({ from: localTime, to: localTime });

const hoursSchema = z.strictObject({
  jobs: z
    .strictObject({
      backup: places.optional(),
      verify: places.optional(),
      replicate: places.optional(),
      scrub: places.optional(),
      prune: places.optional(),
    })
    .refine((jobs) => Object.keys(jobs).length > 0, "name at least one queue")
    .describe("at most so many jobs of these queues at once; 0: none begins"),
  hours: hoursOfDay.describe("local time; over midnight when `to` comes before `from`"),
  timeZone: timeZone.default("UTC"),
});

export const daemonSchema = z.strictObject({
  listen: listen.default("127.0.0.1:9750").describe("where /metrics, /healthz and /readyz answer"),
  shutdownTimeout: duration.default(300_000).describe("how long running jobs may take to end after SIGTERM"),
  beat: duration.default(15_000).describe("how often the scheduler looks what is due"),
  discoverEvery: duration.default(300_000),
  jobs: z
    .strictObject({
      backup: places.default(2),
      verify: places.default(1),
      replicate: places.default(1),
      scrub: places.default(1),
      prune: places.default(1),
    })
    .prefault({})
    .describe("jobs of each queue that this host runs at once, of heals as many as of replicate; 0: none"),
  hours: z
    .array(hoursSchema)
    .default([])
    .describe("fewer jobs at some hours of the day; of several that hold at once, the lowest counts"),
});

export const bandwidthSchema = z.strictObject({
  stores: storeNames.optional().describe("default: every store"),
  bytesPerSecond: z.int().min(65_536, "must be at least 65536 (64 KiB)"),
  hours: hoursOfDay
    .optional()
    .describe("local time; over midnight when `to` comes before `from`; default: always"),
  timeZone: timeZone.default("UTC"),
});

export const discoverSchema = z.strictObject({
  source: sourceName,
  databases: text.describe("glob over database names: * any run of characters, ? one"),
  plan: planName,
});

export const fileSchema = z.strictObject({
  version: z.literal(1),
  state: path.default("./state"),
  catalog: z
    .union([z.literal("embedded"), databaseUrl], {
      error: "must be embedded, env:NAME, file:PATH or a postgres:// URL without a password",
    })
    .default("embedded"),
  plans: path.default("./plans"),
  stores: z
    .record(storeName, storeSchema)
    .refine((stores) => Object.keys(stores).length > 0, "name at least one store"),
  keys: keysSchema,
  location: placeSchema.optional(),
  sources: z.record(sourceName, sourceSchema),
  tenants: z.record(tenantId, tenantSchema).default({}),
  discover: z.array(discoverSchema).default([]),
  postgres: z.strictObject({ bin: path.optional() }).default({}),
  scratch: z
    .strictObject({
      path: path.optional(),
      user: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "must be the name of an operating-system user")
        .default("holdfast-scratch"),
      jobs: z.int().min(1).max(64).default(2),
    })
    .prefault({}),
  daemon: daemonSchema.prefault({}),
  metrics: z.strictObject({ perTenant: z.enum(["all", "breaching", "none"]).default("all") }).prefault({}),
  limits: z
    .strictObject({
      inFlightBytes: z
        .int()
        .min(33_554_432, "must be at least 33554432 (32 MiB)")
        .default(67_108_864)
        .describe(
          "plaintext and sealed bytes that the process holds at once: 64 MiB read two streams side by side and keep 16 requests to each store busy; each stream more takes 25 MiB",
        ),
      storeRequests: z.int().min(1).max(256).default(16),
      sealWorkers: z.int().min(1).max(64).default(2),
      scrubBytesPerSecond: z.int().min(65_536, "must be at least 65536 (64 KiB)").default(16_777_216),
      bandwidth: z
        .array(bandwidthSchema)
        .default([])
        .describe("of several that hold at once, the lowest counts"),
      silence: duration
        .refine((ms) => ms <= silenceMsMost, "must be at most 1h")
        .default(120_000)
        .describe(
          "so long a connection to PostgreSQL may be silent before the server is asked, over another one, whether it still works for us; what it does not work for is given up; to connect, and to be asked, it has as long, at least 5 and at most 30 seconds",
        ),
      leastBytesPerSecond: z
        .int()
        .min(0)
        .max(1_048_576, "must be at most 1048576 (1 MiB)")
        .default(1024)
        .describe(
          "a connection to PostgreSQL that carries less than this, through all of `silence` and then once more, is given up where the server says that it is not at work itself; 0 gives none up",
        ),
    })
    .prefault({}),
});
export type ConfigFile = z.infer<typeof fileSchema>;
