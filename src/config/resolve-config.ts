/** From a file that is known to be good to the configuration the rest of Holdfast sees. */
import { dirname, isAbsolute, resolve } from "node:path";
import { Failure } from "../base/failure.ts";
import {
  type PlanName,
  type SourceName,
  sourceName,
  type StoreName,
  storeName,
  type TenantId,
  tenantId,
} from "../model/ids.ts";
import type { Place } from "../model/place.ts";
import type { Plan } from "../model/plan.ts";
import { chooseStores } from "./choose-stores.ts";
import type {
  BandwidthRule,
  Config,
  DaemonConfig,
  DiscoverRule,
  KeysConfig,
  SourceConfig,
  StoreConfig,
  Tenant,
} from "./config.ts";
import type { ConfigFile, StoreEntry, TenantEntry } from "./file-schema.ts";
import { placeOf } from "./place-of.ts";
import { type Environment, parseSecretPlace, Secret } from "./secret.ts";

export interface GoodFile {
  readonly file: ConfigFile;
  /** Absolute. */
  readonly path: string;
  readonly plans: ReadonlyMap<PlanName, Plan>;
  readonly env: Environment;
}

/** What the file says, seen from the folder it lies in. */
interface Folder {
  readonly at: (path: string) => string;
  readonly secret: (setting: string, written: string) => Secret;
}

export function resolveConfig({ file, path, plans, env }: GoodFile): Config {
  const base = dirname(path);
  const folder: Folder = {
    at: (relative) => resolve(base, relative),
    secret: (setting, written) => new Secret(setting, placeIn(base, written), env),
  };
  const { at } = folder;
  const stores = mapEntries(
    file.stores,
    (name) => storeName.parse(name),
    (entry, name) => storeOf(name, entry, folder),
  );
  const sources = mapEntries(
    file.sources,
    (name) => sourceName.parse(name),
    (entry, name) => sourceOf(name, entry, folder),
  );
  const places = new Map([...stores].map(([name, store]) => [name, store.location]));
  const entities = { sources, plans, places };
  const { silence: silenceMs, leastBytesPerSecond, ...limits } = file.limits;
  return {
    path,
    state: at(file.state),
    catalog: catalogOf(file.catalog, folder),
    plans,
    plansFolder: at(file.plans),
    stores,
    keys: keysOf(file.keys, folder),
    location: placeOf(file.location),
    sources,
    tenants: mapEntries(
      file.tenants,
      (name) => tenantId.parse(name),
      (entry, id) => tenantOf(id, entry, entities),
    ),
    discover: file.discover.map((entry) => ruleOf(entry, entities)),
    postgresBin: file.postgres.bin === undefined ? null : at(file.postgres.bin),
    scratch: {
      path: file.scratch.path === undefined ? resolve(at(file.state), "scratch") : at(file.scratch.path),
      user: file.scratch.user,
      jobs: file.scratch.jobs,
    },
    daemon: daemonOf(file.daemon),
    metrics: file.metrics,
    line: { silenceMs, leastBytesPerSecond },
    limits: { ...limits, bandwidth: limits.bandwidth.map(rateOf) },
  };
}

function catalogOf(written: ConfigFile["catalog"], { secret }: Folder): Config["catalog"] {
  return written === "embedded" ? { kind: "embedded" } : { kind: "server", url: secret("catalog", written) };
}

function sourceOf(
  name: SourceName,
  { url, maxConcurrent, jobs }: ConfigFile["sources"][SourceName],
  { secret }: Folder,
): SourceConfig {
  return { name, url: secret(`sources.${name}.url`, url), maxConcurrent, jobs };
}

function daemonOf({
  listen,
  shutdownTimeout,
  beat,
  discoverEvery,
  jobs,
  hours,
}: ConfigFile["daemon"]): DaemonConfig {
  return {
    listen,
    shutdownTimeoutMs: shutdownTimeout,
    beatMs: beat,
    discoverEveryMs: discoverEvery,
    jobs,
    hours,
  };
}

function rateOf({ stores, hours, ...rule }: ConfigFile["limits"]["bandwidth"][number]): BandwidthRule {
  return { ...rule, stores: stores ?? null, hours: hours ?? null };
}

interface Entities {
  readonly sources: ReadonlyMap<SourceName, SourceConfig>;
  readonly plans: ReadonlyMap<PlanName, Plan>;
  readonly places: ReadonlyMap<StoreName, Place | null>;
}

function ruleOf(
  { source, databases, plan: planName }: ConfigFile["discover"][number],
  { sources, plans, places }: Entities,
): DiscoverRule {
  const plan = known(plans, planName);
  const { stores } = chooseStores(plan, undefined, places);
  return { source: known(sources, source), databases, planName, plan, stores };
}

function tenantOf(id: TenantId, entry: TenantEntry, { sources, plans, places }: Entities): Tenant {
  const plan = known(plans, entry.plan);
  const { database, schemas } = entry;
  return {
    id,
    source: known(sources, entry.source),
    scope: schemas === undefined ? { kind: "database", database } : { kind: "schemas", database, schemas },
    planName: entry.plan,
    plan,
    stores: chooseStores(plan, entry.stores, places).stores,
    timeZone: entry.timeZone ?? plan.schedules.timeZone,
    origin: "configured",
  };
}

function storeOf(name: StoreName, entry: StoreEntry, { at, secret }: Folder): StoreConfig {
  const location = placeOf(entry.location);
  switch (entry.driver) {
    case "directory":
      return { driver: "directory", name, location, path: at(entry.path) };
    case "s3":
      return {
        driver: "s3",
        name,
        location,
        bucket: entry.bucket,
        region: entry.region,
        endpoint: entry.endpoint ?? null,
        pathStyle: entry.pathStyle,
        accessKeyId: secret(`stores.${name}.accessKeyId`, entry.accessKeyId),
        secretAccessKey: secret(`stores.${name}.secretAccessKey`, entry.secretAccessKey),
        prefix: entry.prefix ?? null,
        checksums: entry.checksums,
        lock: entry.lock ?? null,
      };
  }
}

function keysOf(keys: ConfigFile["keys"], { secret }: Folder): KeysConfig {
  return {
    workers: keys.workers,
    verifiers: keys.verifiers,
    restorers: keys.restorers,
    escrow: keys.escrow,
    identity: keys.identity === undefined ? null : secret("keys.identity", keys.identity),
    signing: keys.signing === undefined ? null : secret("keys.signing", keys.signing),
    trusted: keys.trusted.map((one, index) => ({
      key: secret(`keys.trusted[${String(index)}].key`, one.key),
      may: one.may,
      from: one.from === undefined ? null : new Date(one.from),
      until: one.until === undefined ? null : new Date(one.until),
    })),
  };
}

function placeIn(folder: string, written: string): ReturnType<typeof parseSecretPlace> & object {
  const place = parseSecretPlace(written);
  if (place === null) return { kind: "plain", value: written };
  return place.kind === "file" && !isAbsolute(place.path)
    ? { kind: "file", path: resolve(folder, place.path) }
    : place;
}

function mapEntries<Name extends string, Entry, Made>(
  entries: Readonly<Record<string, Entry>>,
  nameOf: (text: string) => Name,
  make: (entry: Entry, name: Name) => Made,
): Map<Name, Made> {
  return new Map(
    Object.entries(entries).map(([text, entry]) => {
      const name = nameOf(text);
      return [name, make(entry, name)];
    }),
  );
}

/** References were checked before; one that leads nowhere here is ours. */
function known<Name extends string, Thing>(things: ReadonlyMap<Name, Thing>, name: Name): Thing {
  const thing = things.get(name);
  if (thing === undefined) throw new Failure("internal/bug", `${name} was checked and is not there`);
  return thing;
}
