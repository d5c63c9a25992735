/**
 * A tenant, its keys and its stores, without PostgreSQL: streams are made by hand, everything else
 * (sealing, keys, signatures) is the real thing.
 */
import { createHash } from "node:crypto";
import { ManualClock } from "../../src/base/clock.ts";
import { Budget } from "../../src/base/limit.ts";
import { type Failure, isFailure } from "../../src/base/failure.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { type Chance, systemChance } from "../../src/base/chance.ts";
import { newHostIdentity } from "../../src/keys/host-keys.ts";
import type { Mint } from "../../src/keys/bear-key-set.ts";
import type { KeyRefusal } from "../../src/keys/key-set.ts";
import { createSigner, createTrustRing, type Signer, type TrustRing } from "../../src/keys/signing.ts";
import { newSigningKey } from "../../src/keys/signing-key.ts";
import type { Fingerprint } from "../../src/model/fingerprint.ts";
import { type StoreName, type TenantId, tenantId } from "../../src/model/ids.ts";
import { descriptorKey } from "../../src/model/layout.ts";
import type { PlainStream } from "../../src/postgres/source/snapshot.ts";
import { begin } from "../../src/repository/draft.ts";
import type { Committed, DraftOrder, Workshop } from "../../src/repository/draft-state.ts";
import type { Damage } from "../../src/repository/fetch.ts";
import { keysToBackUp, keysToRead } from "../../src/repository/key-access.ts";
import type { Library } from "../../src/repository/library.ts";
import { openCopy, type OpenedCopy } from "../../src/repository/open-copy.ts";
import { startSealing } from "../../src/sealing/start-sealing.ts";
import { ensureDescriptor } from "../../src/stores/describe.ts";
import type { ObjectReader, Store, WholeStore } from "../../src/stores/store.ts";

/**
 * The same bytes in every run, others at every call. An id key decides where streams are cut: one that is another each
 * time would now and then leave a test that alters the second chunk with a stream of a single one.
 */
function repeatable(seed: string): Chance {
  let calls = 0;
  return (bytes) =>
    createHash("shake256", { outputLength: bytes })
      .update(`${seed} ${String((calls += 1))}`)
      .digest();
}

export const never: Waiting = { signal: new AbortController().signal };
export const noon = new Date("2026-11-21T12:00:00.000Z");

export interface House extends AsyncDisposable {
  readonly tenant: TenantId;
  readonly clock: ManualClock;
  readonly signer: Signer;
  /** Of the signer, as a configuration names them. */
  readonly publicJwk: string;
  readonly privateJwk: string;
  /** Of the one host, who reads. */
  readonly identity: string;
  readonly trust: TrustRing;
  readonly workshop: Workshop;
  readonly mint: Mint;
  /** Stores that failed during backups so far, and copies found damaged. */
  readonly failures: { readonly store: StoreName; readonly failure: Failure }[];
  readonly damage: Damage[];
  /** Key sets that were not used. */
  readonly refusals: KeyRefusal[];
  /** Condemned lists that stopped reuse. */
  readonly reuseOff: string[];
  order(stores: readonly Store[], changes?: Partial<DraftOrder>): DraftOrder;
  readonly library: (stores: readonly ObjectReader[]) => Library;
  /** A whole backup of streams made by hand, in the order given. */
  backUp(stores: readonly Store[], streams: Streams, changes?: BackUpChanges): Promise<Committed>;
  open(stores: readonly ObjectReader[], backup: Committed["backup"]): Promise<OpenedCopy>;
}

export type Streams = Readonly<Record<string, string | Uint8Array>>;

export interface BackUpChanges {
  readonly order?: Partial<DraftOrder>;
  readonly wait?: Waiting;
  readonly workshop?: Partial<Workshop>;
  /** Called when the streams are in and nothing is committed yet. */
  readonly beforeCommit?: () => void | Promise<void>;
  readonly fingerprint?: Fingerprint;
  readonly at?: Date;
}

export async function buildHouse(name: string = "acme"): Promise<House> {
  const tenant = tenantId.parse(name);
  const clock = new ManualClock(noon);
  const host = await newHostIdentity();
  const keyFiles = await newSigningKey();
  const signer = await createSigner(keyFiles.privateJwk);
  const may = ["record", "proof", "key", "removal"] as const;
  const trust = await createTrustRing([{ jwk: keyFiles.publicJwk, may }]);
  const sealing = startSealing({ workers: 1, inFlightBytesMax: 64 * 1024 * 1024 });
  const failures: House["failures"] = [];
  const damage: Damage[] = [];
  const refusals: KeyRefusal[] = [];
  const reuseOff: string[] = [];
  const workshop: Workshop = {
    sealer: sealing,
    signer,
    trust,
    clock,
    monotonicMs: () => clock.now().getTime(),
    chance: systemChance,
    host: "test-host",
    inFlight: new Budget(32 * 1024 * 1024),
    onStoreFailed: (_tenant, store, failure) => failures.push({ store, failure }),
    onKeysRefused: (_tenant, refusal) => refusals.push(refusal),
    onReuseOff: (_tenant, { store, key }) => reuseOff.push(`${key} in ${store}`),
    onDamage: (_tenant, found) => damage.push(found),
  };
  const holders = { workers: [], verifiers: [host.recipient], restorers: [], escrow: [] };
  const mint = { holders, signer, trust, clock, chance: repeatable(name) };
  const order: House["order"] = (stores, changes) => ({
    tenant,
    kind: "manual",
    shelves: stores.map((store) => ({ store: marked(store), lock: null })),
    quorum: 1,
    zstdLevel: 3,
    keys: keysToBackUp(tenant, mint, host.identity),
    ...changes,
  });
  const library: House["library"] = (stores) => ({ stores: stores.map(readMarked), trust, clock });
  return {
    tenant,
    clock,
    signer,
    publicJwk: keyFiles.publicJwk,
    privateJwk: keyFiles.privateJwk,
    identity: host.identity,
    trust,
    workshop,
    mint,
    failures,
    damage,
    refusals,
    reuseOff,
    order,
    library,
    backUp: async (stores, streams, changes = {}) => {
      const wait = changes.wait ?? never;
      const draft = await begin(order(stores, changes.order), { ...workshop, ...changes.workshop }, wait);
      const openedAt = clock.now();
      for (const [id, content] of Object.entries(streams))
        await draft.addStream(plainStream(id, content), wait);
      await changes.beforeCommit?.();
      const fingerprint = changes.fingerprint ?? emptyFingerprint(openedAt);
      return draft.commit(
        { at: changes.at ?? openedAt, askedAt: openedAt, openedAt, fingerprint, environment: {} },
        wait,
      );
    },
    open: (stores, backup) =>
      openCopy(
        { tenant, backup, keys: keysToRead(tenant, trust, host.identity) },
        library(stores),
        sealing,
        never,
      ),
    [Symbol.asyncDispose]: () => sealing[Symbol.asyncDispose](),
  };
}

/** The same store, with a descriptor where it has none of its own; nothing lies in the store for it. */
export function marked(store: Store): Store {
  return {
    ...readMarked(store),
    create: (key, body, options, wait) => store.create(key, body, options, wait),
  };
}

function readMarked(store: ObjectReader): ObjectReader {
  return {
    name: store.name,
    stat: (key, wait) => store.stat(key, wait),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
    versions: (key, wait) => store.versions(key, wait),
    clock: (wait) => store.clock(wait),
    read: async (key, options, wait) => {
      try {
        return await store.read(key, options, wait);
      } catch (error) {
        if (key !== descriptorKey || !isFailure(error, "store/absent")) throw error;
        return descriptorOf(store);
      }
    },
  };
}

/** `holdfast.json` of a store that only `marked` gave one. */
export function descriptorOf(store: Pick<Store, "name">): Buffer {
  const format = { name: "holdfast-store", version: 1 };
  return Buffer.from(JSON.stringify({ format, storeId: markOf(store), createdAt: noon.toISOString() }));
}

/** The store id of a store that only `marked` gave one. */
export function markOf({ name }: Pick<Store, "name">): string {
  const digest = createHash("sha256").update(name).digest();
  return Array.from(digest.subarray(0, 16), (byte) => "abcdefghijklmnop".charAt(byte & 15)).join("");
}

/** Stores with a descriptor each, as `holdfast init` leaves them. */
export async function described<S extends WholeStore>(house: House, ...stores: S[]): Promise<S[]> {
  for (const store of stores) await ensureDescriptor(store, systemChance, house.clock, never);
  return stores;
}

export function plainStream(id: string, content: string | Uint8Array): PlainStream {
  return { id, content: "rows", title: id, bytes: onePart(Buffer.from(content)) };
}

async function* onePart(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

/** All bytes of a stream of an opened copy. */
export async function readAll(copy: OpenedCopy, stream: string): Promise<Buffer> {
  // Copied, since a part is its reader's only until the next one is asked for.
  return Buffer.concat(
    await Array.fromAsync(copy.image.read(stream, null, never), (part) => Buffer.from(part)),
  );
}

/** Rows that compress to nothing like their length, of a seed; about `bytes` long. */
export function rows(seed: number, bytes: number): string {
  const lines: string[] = [];
  let state = seed;
  for (let size = 0; size < bytes;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const line = `${String(size)}\t${state.toString(36)}${(state ^ 0x5bd1e995).toString(36)}\n`;
    lines.push(line);
    size += line.length;
  }
  return lines.join("");
}

/** Of a database with nothing in it. */
export function emptyFingerprint(at: Date): Fingerprint {
  const digest = "0".repeat(64);
  return {
    scope: { kind: "database", database: "acme" },
    server: { versionNum: 150_018, version: "15.18", systemIdentifier: null, databaseOid: 1, standby: false },
    at: at.toISOString(),
    lsn: null,
    database: {
      name: "acme",
      owner: "acme",
      encoding: "UTF8",
      collate: "C",
      ctype: "C",
      localeProvider: "libc",
      locale: null,
      icuRules: null,
      collationVersion: null,
      connectionLimit: -1,
      allowConnections: true,
      isTemplate: false,
      acl: null,
      comment: null,
      settings: [],
    },
    roles: [],
    extensions: [],
    collations: [],
    census: [],
    schema: { stream: "schema", text: { bytes: 0, sha256: digest }, pgDumpVersion: "15.18" },
    tables: [],
    sequences: [],
    largeObjects: { stream: null, count: 0, bytes: 0, sha256: null },
    generated: [],
    matviews: [],
    omitted: [],
  };
}
