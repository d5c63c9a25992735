/**
 * The configuration as the rest of Holdfast sees it: parsed once, paths absolute, references
 * resolved. What people write is `file-schema.ts`; `load-config.ts` makes the one from the other.
 */
import type { LineLimits } from "../base/server-address.ts";
import type { RateRule } from "../model/bandwidth.ts";
import type { Scope } from "../model/fingerprint.ts";
import type { Purpose } from "../model/glossary.ts";
import type { HoursRule } from "../model/hours.ts";
import type { PlanName, SourceName, StoreName, TenantId } from "../model/ids.ts";
import type { Place } from "../model/place.ts";
import type { Plan } from "../model/plan.ts";
import type { Secret } from "./secret.ts";

export interface Config {
  /** The file it came from. */
  readonly path: string;
  /** Folder for scratch servers and the embedded catalog. */
  readonly state: string;
  readonly catalog: { readonly kind: "embedded" } | { readonly kind: "server"; readonly url: Secret };
  readonly plans: ReadonlyMap<PlanName, Plan>;
  /** Where they came from. */
  readonly plansFolder: string;
  /** In the order of the file, which is the order of preference. */
  readonly stores: ReadonlyMap<StoreName, StoreConfig>;
  readonly keys: KeysConfig;
  /** Where this host is; null when not told. Verifying and restoring move plaintext here. */
  readonly location: Place | null;
  readonly sources: ReadonlyMap<SourceName, SourceConfig>;
  /** Those that are named in the file; discovered ones are matched with `matchDiscovered`. */
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
  readonly discover: readonly DiscoverRule[];
  /** Folder with PostgreSQL's programs, tried last. */
  readonly postgresBin: string | null;
  readonly scratch: ScratchConfig;
  readonly daemon: DaemonConfig;
  readonly metrics: { readonly perTenant: "all" | "breaching" | "none" };
  readonly limits: Limits;
  /** Of connections to sources and targets. */
  readonly line: Required<LineLimits>;
}

export interface DaemonConfig {
  /** `address:port`, port 0 for any that is free. */
  readonly listen: string;
  readonly shutdownTimeoutMs: number;
  readonly beatMs: number;
  readonly discoverEveryMs: number;
  /** Jobs of each queue that this host runs at once. */
  readonly jobs: JobPlaces;
  /** Fewer of them at some hours. */
  readonly hours: readonly JobHours[];
}

export interface JobPlaces {
  readonly backup: number;
  readonly verify: number;
  readonly replicate: number;
  readonly scrub: number;
  readonly prune: number;
}

export interface JobHours extends HoursRule {
  /** What it says nothing of is not limited by it. */
  readonly jobs: { readonly [Queue in keyof JobPlaces]?: number | undefined };
}

interface StoreBase {
  readonly name: StoreName;
  readonly location: Place | null;
}

export interface DirectoryStoreConfig extends StoreBase {
  readonly driver: "directory";
  readonly path: string;
}

export interface S3StoreConfig extends StoreBase {
  readonly driver: "s3";
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | null;
  readonly pathStyle: boolean;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** Starts every key of ours in the bucket, without a slash at its end; null: none. */
  readonly prefix: string | null;
  readonly checksums: "always" | "when-required";
  readonly lock: "governance" | "compliance" | null;
}

export type StoreConfig = DirectoryStoreConfig | S3StoreConfig;

export interface KeysConfig {
  readonly workers: readonly string[];
  readonly verifiers: readonly string[];
  readonly restorers: readonly string[];
  readonly escrow: readonly string[];
  /** Age identity of this host; null on a host that opens nothing. */
  readonly identity: Secret | null;
  /** Ed25519 private JWK; null on a host that signs nothing. */
  readonly signing: Secret | null;
  readonly trusted: readonly TrustedKey[];
}

export interface TrustedKey {
  /** Ed25519 public JWK. */
  readonly key: Secret;
  readonly may: readonly Purpose[];
  readonly from: Date | null;
  readonly until: Date | null;
}

export interface SourceConfig {
  readonly name: SourceName;
  /** `postgres://…`; the database in it is replaced by the tenant's. */
  readonly url: Secret;
  /** Backups of tenants of this source that run at once. */
  readonly maxConcurrent: number;
  /** Connections that read one tenant side by side. */
  readonly jobs: number;
}

export interface Tenant {
  readonly id: TenantId;
  readonly source: SourceConfig;
  readonly scope: Scope;
  readonly planName: PlanName;
  readonly plan: Plan;
  /** Which stores hold its copies, in order of preference. */
  readonly stores: readonly StoreName[];
  /** Of its schedules: its own, else the plan's. */
  readonly timeZone: string;
  readonly origin: "configured" | "discovered";
}

export interface DiscoverRule {
  readonly source: SourceConfig;
  /** Glob over database names: `*` any run of characters, `?` one. */
  readonly databases: string;
  readonly planName: PlanName;
  readonly plan: Plan;
  readonly stores: readonly StoreName[];
}

export interface ScratchConfig {
  /** Folder for scratch servers; best on tmpfs. */
  readonly path: string;
  /** Operating-system user that runs them when Holdfast is root. */
  readonly user: string;
  /** Connections that load one copy side by side. */
  readonly jobs: number;
}

export interface Limits {
  /** Plaintext and sealed bytes in flight over the whole process. */
  readonly inFlightBytes: number;
  /** Requests at once to one store. */
  readonly storeRequests: number;
  readonly sealWorkers: number;
  /** Read from one store by a scrub. */
  readonly scrubBytesPerSecond: number;
  readonly bandwidth: readonly BandwidthRule[];
}

/** At most so many bytes a second to and from each of these stores, in these hours. */
export interface BandwidthRule extends RateRule {
  /** Null: every store. */
  readonly stores: readonly StoreName[] | null;
}
