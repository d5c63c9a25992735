/**
 * What no schema of one entry can see: that names lead somewhere, that two entries are not the same
 * thing, and that the stores of a tenant can keep what its plan promises.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import { reasonOf } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import { didYouMean } from "../base/nearest.ts";
import { type StoreName, storeName } from "../model/ids.ts";
import type { Place } from "../model/place.ts";
import { recipientSuite } from "../model/recipient-suite.ts";
import { chooseStores } from "./choose-stores.ts";
import {
  bandwidthSchema,
  discoverSchema,
  keysSchema,
  storeSchema,
  type StoreEntry,
  tenantSchema,
  type TenantEntry,
} from "./file-schema.ts";
import { placeOf } from "./place-of.ts";
import type { Problems } from "./problems.ts";
import type { Plans } from "./read-plans.ts";

/**
 * Looks at every entry that is good by itself, so that a slip in one part of the file hides nothing
 * in the others. `raw` is the whole file as YAML gave it, `folder` the one it lies in; unless
 * `sourcesNeeded`, a tenant may name a source that is not in the file.
 */
export function checkReferences(
  raw: unknown,
  {
    plans,
    folder,
    sourcesNeeded,
  }: { readonly plans: Plans; readonly folder: string; readonly sourcesNeeded: boolean },
  problems: Problems,
): void {
  const stores = goodEntries(section(raw, "stores"), storeSchema);
  const tenants = goodEntries(section(raw, "tenants"), tenantSchema);
  const known: Known = {
    plans,
    stores: new Set(Object.keys(section(raw, "stores"))),
    sources: sourcesNeeded ? new Set(Object.keys(section(raw, "sources"))) : null,
    places: placesOf(stores),
    allStoresGood: stores.size === Object.keys(section(raw, "stores")).length,
  };
  checkSamePlace(stores, folder, problems);
  for (const [id, tenant] of tenants) checkTenant(`tenants.${id}`, tenant, known, problems);
  checkOverlaps(tenants, problems);
  discoverRules(raw).forEach((rule, index) => {
    const parsed = discoverSchema.safeParse(rule, interpreted);
    if (parsed.success) checkTenant(`discover[${String(index)}]`, parsed.data, known, problems);
  });
  checkRecipients(raw, problems);
  checkBandwidth(raw, known, problems);
}

function checkBandwidth(raw: unknown, { stores }: Known, problems: Problems): void {
  const rules = section(raw, "limits")["bandwidth"];
  if (!Array.isArray(rules)) return;
  for (const [index, rule] of rules.entries()) {
    const parsed = bandwidthSchema.safeParse(rule, interpreted);
    for (const store of parsed.data?.stores ?? []) {
      if (!stores.has(store))
        problems.add(`limits.bandwidth[${String(index)}].stores`, absent("store", store, stores));
    }
  }
}

interface Known {
  readonly plans: Plans;
  readonly stores: ReadonlySet<string>;
  /** Null: whatever is named is taken to be somewhere. */
  readonly sources: ReadonlySet<string> | null;
  readonly places: ReadonlyMap<StoreName, Place | null>;
  readonly allStoresGood: boolean;
}

type Referring = Pick<TenantEntry, "source" | "plan"> & { readonly stores?: TenantEntry["stores"] };

function checkTenant(path: string, tenant: Referring, known: Known, problems: Problems): void {
  if (known.sources?.has(tenant.source) === false)
    problems.add(`${path}.source`, absent("source", tenant.source, known.sources ?? []));
  if (!known.plans.named.has(tenant.plan))
    problems.add(`${path}.plan`, absent("plan", tenant.plan, known.plans.named));
  for (const store of tenant.stores ?? []) {
    if (!known.stores.has(store)) problems.add(`${path}.stores`, absent("store", store, known.stores));
  }
  const plan = known.plans.good.get(tenant.plan);
  // Whether enough stores are left cannot be told while one of them cannot be read.
  if (plan === undefined || !known.allStoresGood) return;
  const { problems: found } = chooseStores(plan, tenant.stores, known.places);
  for (const what of found) problems.add(`${path}.stores`, what);
}

function absent(what: string, name: string, known: Iterable<string>): string {
  const meant = didYouMean(name, known);
  return `there is no ${what} ${name}${meant === undefined ? "" : `; ${meant}`}`;
}

/**
 * Two names for one place would count one copy twice. Spelling is all that can be compared here; links
 * and other names of one server are found by the ids of the stores, when a backup begins.
 */
function checkSamePlace(stores: ReadonlyMap<string, StoreEntry>, folder: string, problems: Problems): void {
  const seen = new Map<string, string>();
  for (const [name, store] of stores) {
    const place =
      store.driver === "directory"
        ? `directory ${resolve(folder, store.path)}`
        : `s3 ${endpointOf(store)} ${store.bucket} ${store.prefix ?? ""}`;
    const other = seen.get(place);
    if (other === undefined) seen.set(place, name);
    else problems.add(`stores.${name}`, `is the same place as stores.${other}`);
  }
}

/** One spelling of a URL: host in lower case, no default port, no slash at the end. */
function endpointOf({ endpoint, region }: Extract<StoreEntry, { readonly driver: "s3" }>): string {
  const url = endpoint ?? `https://s3.${region}.amazonaws.com`;
  return URL.canParse(url) ? new URL(url).href.replace(/\/+$/, "") : url;
}

/** No byte belongs to two tenants. */
function checkOverlaps(tenants: ReadonlyMap<string, TenantEntry>, problems: Problems): void {
  const list = [...tenants];
  list.forEach(([id, tenant], index) => {
    for (const [other, earlier] of list.slice(0, index)) {
      if (tenant.source !== earlier.source || tenant.database !== earlier.database) continue;
      const shared = tenant.schemas?.find((schema) => earlier.schemas?.includes(schema));
      if (tenant.schemas !== undefined && earlier.schemas !== undefined && shared === undefined) continue;
      const what =
        shared === undefined
          ? `database ${tenant.database}`
          : `schema ${shared} of database ${tenant.database}`;
      problems.add(`tenants.${id}`, `${what} belongs to tenants.${other} already`);
    }
  });
}

/** One X25519 recipient beside post-quantum ones undoes what they are for (trap 32). */
function checkRecipients(raw: unknown, problems: Problems): void {
  const keys = keysSchema.safeParse(section(raw, "keys"), interpreted);
  if (!keys.success) return;
  const { workers, verifiers, restorers, escrow } = keys.data;
  try {
    recipientSuite([...workers, ...verifiers, ...restorers, ...escrow]);
  } catch (error) {
    problems.add("keys", reasonOf(error));
  }
}

function placesOf(stores: ReadonlyMap<string, StoreEntry>): Map<StoreName, Place | null> {
  const places = new Map<StoreName, Place | null>();
  for (const [name, store] of stores) {
    const parsed = storeName.safeParse(name);
    if (parsed.success) places.set(parsed.data, placeOf(store.location));
  }
  return places;
}

function goodEntries<T>(entries: Readonly<Record<string, unknown>>, schema: z.ZodType<T>): Map<string, T> {
  const good = new Map<string, T>();
  for (const [name, entry] of Object.entries(entries)) {
    const parsed = schema.safeParse(entry, interpreted);
    if (parsed.success) good.set(name, parsed.data);
  }
  return good;
}

function section(raw: unknown, name: string): Readonly<Record<string, unknown>> {
  const value = isRecord(raw) ? raw[name] : undefined;
  return isRecord(value) ? value : {};
}

function discoverRules(raw: unknown): readonly unknown[] {
  const rules = isRecord(raw) ? raw["discover"] : undefined;
  return Array.isArray(rules) ? rules : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
