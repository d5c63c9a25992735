/**
 * Reading a tenant's key sets (design, section 7). A generation is a signed statement and the two
 * objects whose digests it names; a store may lack any of them, or show forged ones.
 */
import { sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import { type KeyStatement, keyStatement } from "../model/documents.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { keySetKeys, keysPrefix, parseKeyStatementKey } from "../model/layout.ts";
import type { KeyReader } from "./key-store.ts";
import { readGood } from "./read-good.ts";
import type { TrustRing } from "./signing.ts";

export interface KeyObject {
  readonly key: ObjectKey;
  readonly body: Buffer;
}

/** A generation, verified: signed for this path by someone who may, its objects as the statement names them. */
export interface KeySet {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly statement: KeyStatement;
  /** In the order in which they are written: identity, id, statement. */
  readonly objects: readonly [identity: KeyObject, id: KeyObject, statement: KeyObject];
}

/** Why one store's copy of a generation is not used. */
export interface KeyRefusal {
  readonly store: StoreName;
  /** Null: the store could not be listed. */
  readonly generation: number | null;
  readonly failure: Failure;
}

export interface CurrentKeySet {
  readonly keySet: KeySet;
  /** What was passed over on the way: stores that are down, forged or incomplete sets. For the caller to report. */
  readonly refusals: readonly KeyRefusal[];
}

/**
 * The newest generation that verifies in any of `stores`; null when all of them answer and none holds
 * any. Sets that are there, of which none verifies, are the failure of the newest of them:
 * "keys/signature" for a forged one. Where nothing was found and a store is down, its failure: it may
 * hold what the others lack.
 */
export async function currentKeySet(
  tenant: TenantId,
  stores: readonly KeyReader[],
  trust: TrustRing,
  wait: Waiting,
): Promise<CurrentKeySet | null> {
  const { keySet, refusals } = await findKeySet(tenant, stores, trust, wait);
  if (keySet !== null) return { keySet, refusals };
  const worst = refusals.find(({ generation }) => generation !== null) ?? refusals[0];
  if (worst !== undefined) throw unusable(tenant, worst);
  return null;
}

/** The same failure, with how keys come back. */
export function unusable(tenant: TenantId, { generation, failure }: KeyRefusal): Failure {
  if (generation === null) return failure;
  const { code, message, hint } = failure;
  const way = `\`holdfast scrub ${tenant}\` and then \`holdfast heal ${tenant}\` bring back what another store has whole; \`holdfast keys rotate ${tenant}\` makes new keys for backups from now on`;
  return new Failure(code, message, {
    cause: failure,
    hint: hint === undefined ? way : `${hint}; ${way}`,
  });
}

/** As `currentKeySet`, but what is amiss is told and never thrown. */
export async function findKeySet(
  tenant: TenantId,
  stores: readonly KeyReader[],
  trust: TrustRing,
  wait: Waiting,
): Promise<{ readonly keySet: KeySet | null; readonly refusals: readonly KeyRefusal[] }> {
  const { found, refusals } = await generationsIn(tenant, stores, wait);
  const newestFirst = found.toSorted((a, b) => b.generation - a.generation);
  for (const { store, generation } of newestFirst) {
    try {
      return { keySet: await readKeySet({ tenant, generation, store }, trust, wait), refusals };
    } catch (failure) {
      refusals.push({ store: store.name, generation, failure: findingOf(failure, wait) });
    }
  }
  return { keySet: null, refusals };
}

/** One generation of a tenant's keys, by the statement that lies in `store`. */
export interface KeySetAt {
  readonly tenant: TenantId;
  readonly generation: number;
  readonly store: KeyReader;
  /** Where the other two objects may lie; `store` alone when left out. */
  readonly parts?: readonly KeyReader[];
}

/**
 * The statement may lie in any store: its digests fix the other two objects, so it does not matter that they come from
 * the first of `parts` that has them whole. Absent: "store/absent". A statement that is forged, or of another tenant or
 * generation: "keys/signature". Objects of other digests: "store/corrupt". A version or shape that we do not know:
 * "format/unknown", "format/invalid".
 */
export async function readKeySet(at: KeySetAt, trust: TrustRing, wait: Waiting): Promise<KeySet> {
  const { tenant, generation, parts = [at.store] } = at;
  const keys = keySetKeys(tenant, generation);
  const { body, statement } = await readStatement(at, trust, wait);
  const named = async (key: ObjectKey, stated: KeyStatement["id"]): Promise<KeyObject> =>
    fromFirst(parts, wait, (part) =>
      readGood(part, key, async (found) => matching({ key, body: found }, stated, part.name), wait),
    );
  const identity = await named(keys.identity, statement.identity);
  const id = await named(keys.id, statement.id);
  return { tenant, generation, statement, objects: [identity, id, { key: keys.statement, body }] };
}

interface ReadStatement {
  readonly body: Buffer;
  readonly statement: KeyStatement;
}

async function readStatement(
  { tenant, generation, store }: KeySetAt,
  trust: TrustRing,
  wait: Waiting,
): Promise<ReadStatement> {
  const key = keySetKeys(tenant, generation).statement;
  const believed = async (body: Buffer): Promise<unknown> => {
    try {
      return (await trust.verify("key", body)).payload;
    } catch (cause) {
      // What is wrong with a signature is told of "the document" wherever one is read.
      if (!isFailure(cause)) throw cause;
      const { code, message, hint } = cause;
      const more = hint === undefined ? { cause } : { cause, hint };
      throw new Failure(code, `${key} in ${store.name}: ${message}`, more);
    }
  };
  const judge = async (body: Buffer): Promise<ReadStatement> => {
    const statement = parseStatement(await believed(body), key);
    if (statement.tenant === tenant && statement.generation === generation) return { body, statement };
    const says = `${statement.tenant}, generation ${String(statement.generation)}`;
    throw new Failure("keys/signature", `${key} in ${store.name} is the key statement of ${says}`);
  };
  return readGood(store, key, judge, wait);
}

/** What was wrong with the first is thrown when none has it. */
async function fromFirst<T>(
  stores: readonly KeyReader[],
  wait: Waiting,
  read: (store: KeyReader) => Promise<T>,
): Promise<T> {
  let first: Failure | undefined;
  for (const store of stores) {
    try {
      return await read(store);
    } catch (error) {
      first ??= findingOf(error, wait);
    }
  }
  throw first ?? new Failure("store/absent", "there is no store to read from");
}

/** The highest generation of which any object lies in a store, whole or not; 0 when there is none. */
export async function highestGeneration(tenant: TenantId, store: KeyReader, wait: Waiting): Promise<number> {
  let highest = 0;
  for await (const { key } of store.list(keysPrefix(tenant), wait)) {
    const generation = Number(/\/keys\/([1-9]\d{0,8})\./.exec(key)?.[1] ?? 0);
    highest = Math.max(highest, generation);
  }
  return highest;
}

interface Generations {
  readonly found: { readonly store: KeyReader; readonly generation: number }[];
  readonly refusals: KeyRefusal[];
}

async function generationsIn(
  tenant: TenantId,
  stores: readonly KeyReader[],
  wait: Waiting,
): Promise<Generations> {
  const generations: Generations = { found: [], refusals: [] };
  for (const store of stores) {
    stillWaiting(wait);
    try {
      for await (const { key } of store.list(keysPrefix(tenant), wait)) {
        const generation = parseKeyStatementKey(key);
        if (generation !== null) generations.found.push({ store, generation });
      }
    } catch (failure) {
      generations.refusals.push({
        store: store.name,
        generation: null,
        failure: findingOf(failure, wait),
      });
    }
  }
  return generations;
}

function parseStatement(payload: unknown, key: ObjectKey): KeyStatement {
  const parsed = keyStatement.safeParse(payload, interpreted);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.some(({ path }) => path[0] === "format");
  throw new Failure(unknown ? "format/unknown" : "format/invalid", `${key} is not a key statement we know`);
}

function matching(object: KeyObject, stated: { bytes: number; sha256: string }, store: StoreName): KeyObject {
  if (object.body.length === stated.bytes && sha256(object.body) === stated.sha256) return object;
  throw new Failure("store/corrupt", `${object.key} in ${store} is not what its key statement names`);
}

/** A finding about one store; a wait that ended, or a bug, is thrown on. */
function findingOf(error: unknown, wait: Waiting): Failure {
  if (!isFailure(error) || wait.signal.aborted) throw error;
  return error;
}
