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
import type { Config, KeysConfig, SourceConfig, StoreConfig, Tenant } from "./config.ts";
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

type MakeSecret = (setting: string, written: string) => Secret;

export function resolveConfig({ file, path, plans, env }: GoodFile): Config {
  const folder = dirname(path);
  const at = (relative: string): string => resolve(folder, relative);
  const secret: MakeSecret = (setting, written) => new Secret(setting, placeIn(folder, written), env);
  const stores = mapEntries(
    file.stores,
    (name) => storeName.parse(name),
    (entry, name) => storeOf(name, entry, at, secret),
  );
  const places = new Map([...stores].map(([name, store]) => [name, store.location]));
  const sources = mapEntries(
    file.sources,
    (name) => sourceName.parse(name),
    (entry, name): SourceConfig => ({
      name,
      url: secret(`sources.${name}.url`, entry.url),
      maxConcurrent: entry.maxConcurrent,
      jobs: entry.jobs,
    }),
  );
  const state = at(file.state);
  const { silence: silenceMs, leastBytesPerSecond, ...limits } = file.limits;
  return {
    path,
    state,
    catalog:
      file.catalog === "embedded"
        ? { kind: "embedded" }
        : { kind: "server", url: secret("catalog", file.catalog) },
    plans,
    plansFolder: at(file.plans),
    stores,
    keys: keysOf(file.keys, secret),
    location: placeOf(file.location),
    sources,
    tenants: mapEntries(
      file.tenants,
      (name) => tenantId.parse(name),
      (entry, id) => tenantOf(id, entry, { sources, plans, places }),
    ),
    discover: file.discover.map((rule) => {
      const plan = known(plans, rule.plan);
      const { stores: chosen } = chooseStores(plan, undefined, places);
      return {
        source: known(sources, rule.source),
        databases: rule.databases,
        planName: rule.plan,
        plan,
        stores: chosen,
      };
    }),
    postgresBin: file.postgres.bin === undefined ? null : at(file.postgres.bin),
    scratch: {
      path: file.scratch.path === undefined ? resolve(state, "scratch") : at(file.scratch.path),
      user: file.scratch.user,
      jobs: file.scratch.jobs,
    },
    daemon: {
      listen: file.daemon.listen,
      shutdownTimeoutMs: file.daemon.shutdownTimeout,
      beatMs: file.daemon.beat,
      discoverEveryMs: file.daemon.discoverEvery,
      jobs: file.daemon.jobs,
      hours: file.daemon.hours,
    },
    metrics: file.metrics,
    line: { silenceMs, leastBytesPerSecond },
    limits: {
      ...limits,
      bandwidth: limits.bandwidth.map(({ stores: only, hours, ...rule }) => ({
        ...rule,
        stores: only ?? null,
        hours: hours ?? null,
      })),
    },
  };
}

interface Entities {
  readonly sources: ReadonlyMap<SourceName, SourceConfig>;
  readonly plans: ReadonlyMap<PlanName, Plan>;
  readonly places: ReadonlyMap<StoreName, Place | null>;
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

function storeOf(
  name: StoreName,
  entry: StoreEntry,
  at: (path: string) => string,
  secret: MakeSecret,
): StoreConfig {
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

function keysOf(keys: ConfigFile["keys"], secret: MakeSecret): KeysConfig {
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
