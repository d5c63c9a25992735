import { allEnded } from "../base/all-ended.ts";
import { sha256 } from "../base/digest.ts";
import { readDoubting } from "../base/doubted.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { keysPrefix } from "../model/layout.ts";
import { createUnlessTaken } from "./create-unless-taken.ts";
import type { KeyObject, KeySet } from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";

export interface KeySetPlace {
  readonly store: StoreName;
  /** Null: the store holds the same bytes. */
  readonly failure: Failure | null;
}

/**
 * Gives every store the bytes of one key set, identity and id before the statement, so that a
 * statement never stands without what it names. A store that has them already is left alone; one
 * that is down, or holds other bytes under these keys ("store/corrupt"), does not hold up the others.
 */
export async function spreadKeySet(
  keySet: KeySet,
  stores: readonly KeyStore[],
  wait: Waiting,
): Promise<readonly KeySetPlace[]> {
  return Promise.all(stores.map((store) => give(keySet, store, wait)));
}

async function give({ tenant, objects }: KeySet, store: KeyStore, wait: Waiting): Promise<KeySetPlace> {
  const [identity, id, statement] = objects;
  try {
    const there = new Set<ObjectKey>();
    for await (const { key } of store.list(keysPrefix(tenant), wait)) there.add(key);
    const given = async (object: KeyObject): Promise<void> =>
      giveObject(object, { tenant, store, listed: there }, wait);
    await allEnded([given(identity), given(id)]);
    await given(statement);
    return { store: store.name, failure: null };
  } catch (failure) {
    if (!isFailure(failure) || wait.signal.aborted) throw failure;
    return { store: store.name, failure };
  }
}

/** What a store shows of the tenant's keys. */
interface Listed {
  readonly tenant: TenantId;
  readonly store: KeyStore;
  readonly listed: ReadonlySet<ObjectKey>;
}

/** One that a listing shows is read first: a store that cannot create only must not be written over. */
async function giveObject(
  { key, body }: KeyObject,
  { tenant, store, listed }: Listed,
  wait: Waiting,
): Promise<void> {
  const there = listed.has(key) ? await readOrNull(key, store, wait) : null;
  if (there === null && (await createUnlessTaken({ key, body }, store, wait))) return;
  const isOurs = await readDoubting(`${key} in ${store.name}`, async (again) => {
    const found = again || there === null ? await store.read(key, { again }, wait) : there;
    return found.equals(body) ? { found: true, wrong: null } : { found: false, wrong: sha256(found) };
  });
  if (!isOurs)
    throw new Failure("store/corrupt", `${key} in ${store.name} is another key object`, {
      hint: `\`holdfast scrub ${tenant}\` and then \`holdfast heal ${tenant}\` mend it where it is damaged; where it is of another key set, \`holdfast keys rotate ${tenant}\` makes keys that every store can hold`,
    });
}

async function readOrNull(key: ObjectKey, store: KeyStore, wait: Waiting): Promise<Buffer | null> {
  try {
    return await store.read(key, {}, wait);
  } catch (error) {
    if (isFailure(error, "store/absent")) return null;
    throw error;
  }
}
