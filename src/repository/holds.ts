/**
 * Holds: signed statements in the stores that a backup, or everything of a tenant, is not to be removed.
 * One store is enough to hold, and one to release, so that a store that is down or was lost lifts nothing
 * and a release need not reach them all.
 */
import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { type HoldRelease, holdRelease, type HoldStatement, holdStatement } from "../model/documents.ts";
import type { BackupId, HoldId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { holdKey, holdReleaseKey, holdsPrefix, parseHoldKey } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { readSigned, type SignedForm } from "./signed.ts";

export interface StoredHolds {
  readonly holds: readonly HoldStatement[];
  readonly releases: readonly HoldRelease[];
  /** What lies where holds do and cannot be read or trusted; it may be one. */
  readonly unreadable: readonly {
    readonly store: StoreName;
    readonly key: ObjectKey;
    readonly reason: string;
  }[];
}

const readsAtOnce = 8;

/** What one store shows of a tenant's holds. Throws what kept us from asking. */
export async function readHolds(
  tenant: TenantId,
  store: ObjectReader,
  { trust }: Pick<Library, "trust">,
  wait: Waiting,
): Promise<StoredHolds> {
  const holds: HoldStatement[] = [];
  const releases: HoldRelease[] = [];
  const unreadable: StoredHolds["unreadable"][number][] = [];
  await eachAtOnce(store.list(holdsPrefix(tenant), wait), readsAtOnce, async ({ key }) => {
    const path = parseHoldKey(key);
    const bad = (reason: string): void => {
      unreadable.push({ store: store.name, key, reason });
    };
    if (path === null) {
      bad("it is no name of a hold");
      return;
    }
    try {
      if (path.isRelease) {
        const reading = await readSigned(store, key, formOf(holdRelease, tenant, path.hold, trust), wait);
        if (reading.kind === "good") releases.push(reading.document);
        else bad(reading.detail);
      } else {
        const reading = await readSigned(store, key, formOf(holdStatement, tenant, path.hold, trust), wait);
        if (reading.kind === "good") holds.push(reading.document);
        else bad(reading.detail);
      }
    } catch (error) {
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return { holds, releases, unreadable };
}

/** Holds that some store shows and none releases, oldest first, each once. */
export function holdsInForce(each: Iterable<StoredHolds>): readonly HoldStatement[] {
  const all = [...each];
  const released = new Set(all.flatMap(({ releases }) => releases.map(({ hold }) => hold)));
  const byId = new Map(all.flatMap(({ holds }) => holds.map((one) => [one.hold, one])));
  return [...byId.values()]
    .filter(({ hold }) => !released.has(hold))
    .toSorted((one, other) => (one.hold < other.hold ? -1 : 1));
}

/** Those upon one backup; a hold without a backup is upon all. */
export function holdsUpon(holds: readonly HoldStatement[], backup: BackupId): readonly HoldId[] {
  return holds.filter((one) => one.backup === null || one.backup === backup).map(({ hold }) => hold);
}

/** Where a statement lies. */
export function keyOfHold(document: HoldStatement | HoldRelease): ObjectKey {
  const { tenant, hold } = document;
  return document.format.name === "holdfast-hold" ? holdKey(tenant, hold) : holdReleaseKey(tenant, hold);
}

function formOf<T extends HoldStatement | HoldRelease>(
  schema: SignedForm<T>["schema"],
  tenant: TenantId,
  hold: HoldId,
  trust: Library["trust"],
): SignedForm<T> {
  return {
    purpose: "removal",
    schema,
    trust,
    misplaced: (found) =>
      found.tenant === tenant && found.hold === hold ? null : `it is hold ${found.hold} of ${found.tenant}`,
  };
}
