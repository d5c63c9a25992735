/**
 * One listing of every store that takes part, told apart by what the records name. Only what is ours
 * and of a kind that backups leave behind is ever looked at: chunks, manifests, inventories, and the
 * proofs of backups that are gone.
 */
import { sha256 } from "../base/digest.ts";
import { DigestSet } from "../base/digest-set.ts";
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import type { ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { parseChunkKey, parseDocumentKey, tenantPrefix } from "../model/layout.ts";
import { backupLengthMaxMs } from "../model/plan.ts";
import { chunkLockFactor } from "../repository/locks.ts";
import type { ObjectReader, ObjectStat } from "../stores/store.ts";
import type { CondemnedKeys, Standing } from "./condemned-here.ts";
import { type Lying, LyingKeys } from "./lying-keys.ts";
import type { References } from "./references.ts";
import type { Tally } from "./report.ts";

export interface GarbageQuestion {
  readonly tenant: TenantId;
  readonly stores: readonly ObjectReader[];
  /** The clock of each store. */
  readonly storeNow: ReadonlyMap<StoreName, Date>;
  /** For how long a store that locks locks a new backup. */
  readonly lockMs: ReadonlyMap<StoreName, number>;
  readonly references: References;
  /** Which of them are shown is noted there. */
  readonly condemned: CondemnedKeys;
  /** Proofs, and what lies beside them, of backups that are gone. */
  readonly isPastProof: (key: ObjectKey) => boolean;
}

export interface Garbage {
  /** Nothing names them, they are old enough everywhere, and some store has no list of them yet. */
  readonly toCondemn: Iterable<Lying>;
  /** Condemned everywhere for the whole grace time, and still nothing names them. */
  readonly toRemove: Iterable<Lying>;
  /** Ready, and locked by their store for some time yet, as far as their age tells. */
  readonly locked: Tally;
  /** Condemned, and to be removed by a later prune. */
  readonly waiting: number;
  /** Condemned, and named by a record all the same: its backup looked just before. */
  readonly spared: number;
  /** The keys that lists name, with which of them some store still shows. */
  readonly listed: CondemnedKeys;
  /** There is more, for the next prune. */
  readonly isCut: boolean;
}

/** Longer than any backup by any two clocks that we accept: whoever wrote it has named it by now or never will. */
export const ageMinMs = backupLengthMaxMs + 2 * clockToleranceMs;
/** At most so many keys are held; about 220 bytes each. */
const keysMax = 250_000;

/** Of any number of keys, in some 20 bytes each; what is not in it may be told to be, once in 2^43 at 2,000,000. */
class KeyMarks {
  readonly #marks = new DigestSet();

  get size(): number {
    return this.#marks.size;
  }

  add(key: ObjectKey): void {
    this.#marks.add(markOf(key));
  }

  mayHave(key: ObjectKey): boolean {
    return this.#marks.mayHave(markOf(key));
  }
}

function markOf(key: ObjectKey): string {
  return parseChunkKey(key)?.digest ?? sha256(Buffer.from(key));
}

export async function findGarbage(question: GarbageQuestion, wait: Waiting): Promise<Garbage> {
  const { stores, tenant, condemned } = question;
  const unnamed = new LyingKeys(keysMax);
  // Nobody knows whether a backup is about to name them.
  const young = new KeyMarks();
  const spared = new KeyMarks();
  const waiting = new KeyMarks();
  const locked = { objects: 0, bytes: 0 };
  let isCut = false;
  for (const store of stores) {
    for await (const stat of store.list(tenantPrefix(tenant), wait)) {
      const { key } = stat;
      const standing = condemned.show(key);
      if (!isLeftBehind(key, question)) {
        if (standing !== "unnamed" && isKindOfBackup(key, tenant)) spared.add(key);
      } else if (isYoung(stat, store.name, question)) young.add(key);
      else if (standing === "waiting") waiting.add(key);
      else if (standing === "ready" && isLocked(stat, store.name, question)) {
        locked.objects += 1;
        locked.bytes += stat.bytes;
      } else if (!unnamed.add(key, stat.bytes, store.name)) isCut = true;
    }
  }
  const old = (wanted: (standing: Standing) => boolean): Iterable<Lying> => ({
    *[Symbol.iterator]() {
      for (const one of unnamed)
        if (wanted(condemned.standing(one.key)) && !young.mayHave(one.key)) yield one;
    },
  });
  return {
    toCondemn: old((standing) => standing === "open" || standing === "unnamed"),
    toRemove: old((standing) => standing === "ready"),
    locked,
    waiting: waiting.size,
    spared: spared.size,
    listed: condemned,
    isCut,
  };
}

function isLeftBehind(key: ObjectKey, { tenant, references, isPastProof }: GarbageQuestion): boolean {
  if (isPastProof(key)) return true;
  return isKindOfBackup(key, tenant) && !references.names(key);
}

/** A chunk, a manifest or an inventory of this tenant; nothing else is retention's to remove. */
function isKindOfBackup(key: ObjectKey, tenant: TenantId): boolean {
  return (parseChunkKey(key) ?? parseDocumentKey(key))?.tenant === tenant;
}

function isYoung({ modifiedAt }: ObjectStat, store: StoreName, { storeNow }: GarbageQuestion): boolean {
  const now = storeNow.get(store);
  return now === undefined || now.getTime() - modifiedAt.getTime() < ageMinMs;
}

/** Chunks are locked half as long again as documents; asking for each of them every day would be refused every day. */
function isLocked({ modifiedAt }: ObjectStat, store: StoreName, question: GarbageQuestion): boolean {
  const lockMs = question.lockMs.get(store) ?? 0;
  const now = question.storeNow.get(store);
  return now !== undefined && now.getTime() - modifiedAt.getTime() < lockMs * chunkLockFactor;
}
