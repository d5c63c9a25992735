/** Manifest, inventory, a last look, and the record: the order in which a backup comes to be. */
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import { newBackupId } from "../model/ids.ts";
import { backupLengthMaxMs } from "../model/plan.ts";
import { allEnded } from "../base/all-ended.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import { interpreted } from "../base/interpreted.ts";
import { type BackupRecord, backupRecord, type InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName } from "../model/ids.ts";
import { inventoryKey, manifestKey, recordKey } from "../model/layout.ts";
import type { StreamEntry } from "../model/manifest.ts";
import { chainEnd } from "./chain.ts";
import type { Committed, DraftEnd, DraftState } from "./draft-state.ts";
import { encodeInventory } from "./inventory.ts";
import { encodeManifest } from "./manifest.ts";
import { putOrFind, putWhole } from "./put.ts";
import { type GoodRecord, isGood, type StoredRecord } from "./records.ts";
import { demandSamePlace } from "./same-place.ts";
import { settle } from "./settle.ts";

/** How long a prune waits between condemning and removing; part of what all hosts agree on (trap 27). */
export const graceMs = 24 * 3_600_000;

const idsMax = 3;
const looksMax = 3;

/** With all that was added to it. */
interface EndedDraft extends DraftEnd {
  readonly streams: readonly StreamEntry[];
}

interface Written {
  readonly backup: BackupId;
  readonly manifest: InventoryLine;
  readonly inventory: InventoryLine;
  /** Everything the inventory names, sorted by key. */
  readonly named: readonly InventoryLine[];
  /** An instant before they were written. */
  readonly notBefore: Date;
}

interface SignedRecord {
  readonly key: ObjectKey;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly sha256: string;
}

export async function commit(state: DraftState, ended: EndedDraft, wait: Waiting): Promise<Committed> {
  const written = await writeDocuments(state, ended, wait);
  const record = await lookAndSign(state, ended, written, wait);
  await putRecord(state, record, wait);
  const { uploaded, reused } = state.placer.bytes;
  const copies = new Map(
    state.order.shelves.map(({ store }): [StoreName, Failure | null] => [
      store.name,
      state.shelves.failures.get(store.name) ?? null,
    ]),
  );
  return {
    backup: written.backup,
    state: state.shelves.failures.size === 0 ? "complete" : "degraded",
    plainBytes: plainBytesOf(ended),
    uploadedBytes: uploaded + written.manifest.bytes + written.inventory.bytes,
    reusedBytes: reused,
    objects: written.named.length,
    copies,
  };
}

/**
 * No other backup has a record of that name. Where it lies already, a path may lead by now to the place of another of
 * the stores, which lists everything, and one copy would count twice.
 */
async function putRecord(state: DraftState, record: SignedRecord, wait: Waiting): Promise<void> {
  let wasThere = false;
  await state.shelves.each(async (shelf) => {
    const isNew = await putOrFind(shelf, { ...record, lockedUntil: documentLock(state) }, wait);
    if (!isNew) wasThere = true;
  }, wait);
  if (!wasThere) return;
  await state.shelves.each(
    ({ store }) => demandSamePlace(store, state.before.get(store.name)?.storeId ?? null, wait),
    wait,
  );
}

/** Manifest and inventory, under an id that nobody took; two backups of one second may draw the same letters. */
async function writeDocuments(state: DraftState, ended: EndedDraft, wait: Waiting): Promise<Written> {
  for (let attempt = 1; ; attempt += 1) {
    const backup = newBackupId(ended.at, state.workshop.chance);
    const manifest = await sealManifest(state, ended, backup, wait);
    const named = [...state.placer.lines, ...state.keyLines, manifest.line].toSorted(byKey);
    const body = await encodeInventory({ tenant: state.order.tenant, backup }, named);
    const inventory = document(inventoryKey(state.order.tenant, backup), body, lockedUntilOf(state));
    const notBefore = state.workshop.clock.now();
    if (await putDocuments(state, [manifest, inventory], attempt < idsMax, wait))
      return { backup, manifest: manifest.line, inventory: inventory.line, named, notBefore };
  }
}

async function sealManifest(
  { order, workshop, keys, locks }: DraftState,
  ended: EndedDraft,
  backup: BackupId,
  wait: Waiting,
): Promise<Document> {
  const plain = encodeManifest({
    format: { name: "holdfast-manifest", version: 1 },
    engine: "postgres-logical",
    tenant: order.tenant,
    backup,
    kind: order.kind,
    at: ended.at.toISOString(),
    streams: ended.streams.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    fingerprint: ended.fingerprint,
    environment: { ...ended.environment },
  });
  const sealed = await workshop.sealer.sealDocument(plain, [keys.recipient], order.zstdLevel, wait);
  return document(manifestKey(order.tenant, backup), sealed.body, locks?.documentsUntil.toISOString());
}

/**
 * The last look, and the record that follows from it. When the look has become older than a quarter
 * of the grace time before the record is ready to be written, it is taken again (trap 27).
 */
async function lookAndSign(
  state: DraftState,
  ended: EndedDraft,
  written: Written,
  wait: Waiting,
): Promise<SignedRecord> {
  const { order, workshop, shelves, before } = state;
  const lines = [...written.named, written.inventory].toSorted(byKey);
  for (let look = 1; look <= looksMax; look += 1) {
    // Before too, or a store would be accused of what was done to our own clock.
    nowInTime(state);
    const { tenant } = order;
    const { reused } = state.placer;
    const { trust, clock } = workshop;
    const dated = { key: written.manifest.key, notBefore: written.notBefore };
    const settling = { tenant, lines, reused, shelves, before, dated, trust, clock };
    const { at, records } = await settle(settling, wait);
    const finishedAt = nowInTime(state);
    // Parsed as readers will, since a backup whose record nobody can read is none.
    const unsigned = recordOf(state, ended, written, { records, finishedAt });
    const record = backupRecord.parse(unsigned, interpreted);
    const body = await workshop.signer.sign("record", record);
    if (nowInTime(state).getTime() - at.getTime() <= graceMs / 4) {
      return { key: recordKey(order.tenant, written.backup), body, bytes: body.length, sha256: sha256(body) };
    }
  }
  throw new Failure("backup/overtaken", "the stores answer too slowly for a last look to stay valid");
}

/**
 * The time by this host's clock, while the backup may be committed still: a prune takes what no record names for left
 * behind once it is older than any backup may be (trap 27). A clock that was set meanwhile, or stood still while the host
 * slept, fits neither the recovery point nor what the stores have dated: a record would be dated by a time of which nobody
 * asked whether it is right.
 */
function nowInTime({ startedAt, startedMs, workshop }: DraftState): Date {
  const now = workshop.clock.now();
  const tookMs = now.getTime() - startedAt.getTime();
  const passedMs = workshop.monotonicMs() - startedMs;
  if (Math.abs(tookMs - passedMs) > clockToleranceMs) {
    const by = spell(Math.abs(tookMs - passedMs));
    throw new Failure("backup/overtaken", `this host's clock was set by ${by} while the backup ran`, {
      hint: "the backup starts anew, and compares the clocks again",
    });
  }
  if (tookMs <= backupLengthMaxMs) return now;
  throw new Failure(
    "wait/expired",
    `the backup took ${spell(tookMs)}, and none may take longer than ${spell(backupLengthMaxMs)}`,
    { hint: "more `jobs` for the source, or fewer tenants at once, make a backup shorter" },
  );
}

function recordOf(
  { order, workshop, keys, startedAt }: DraftState,
  ended: EndedDraft,
  { backup, manifest, inventory, named }: Written,
  { records, finishedAt }: { readonly records: readonly StoredRecord[]; readonly finishedAt: Date },
): BackupRecord {
  const last = chainEnd(records.filter(isGood));
  return {
    format: { name: "holdfast-record", version: 1 },
    engine: "postgres-logical",
    tenant: order.tenant,
    backup,
    kind: order.kind,
    at: ended.at.toISOString(),
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    keyGeneration: keys.generation,
    manifest: { bytes: manifest.bytes, sha256: manifest.sha256 },
    inventory: { bytes: inventory.bytes, sha256: inventory.sha256 },
    plainBytes: plainBytesOf(ended),
    sealedBytes: named.reduce((total, line) => total + line.bytes, 0),
    objects: named.length,
    counter: nextCounter(last),
    previous: last === null ? null : { backup: last.backup, sha256: last.sha256 },
    host: workshop.host,
  };
}

/**
 * One signer who claims the highest there is must not push all others beyond it, where nobody would believe them: from
 * then on records share that number, as two backups at once do, and the newest of them is the end.
 */
function nextCounter(last: GoodRecord | null): number {
  return last === null ? 1 : Math.min(last.record.counter + 1, Number.MAX_SAFE_INTEGER);
}

interface Document {
  readonly line: InventoryLine;
  readonly body: Uint8Array;
}

function document(key: ObjectKey, body: Uint8Array, lockedUntil: string | undefined): Document {
  const line = { key, bytes: body.length, sha256: sha256(body) };
  return { line: lockedUntil === undefined ? line : { ...line, lockedUntil }, body };
}

/**
 * False when a key is taken in some store, while there may be another attempt; what others took by then is
 * named by no record. In the last one such a store is out.
 */
async function putDocuments(
  state: DraftState,
  documents: readonly Document[],
  mayTryAgain: boolean,
  wait: Waiting,
): Promise<boolean> {
  let taken = false;
  await state.shelves.each(async (shelf) => {
    try {
      await allEnded(
        documents.map(({ line, body }) =>
          putWhole(shelf, { ...line, body, lockedUntil: documentLock(state) }, wait),
        ),
      );
    } catch (error) {
      if (!mayTryAgain || !isFailure(error, "store/corrupt") || !isFailure(error.cause, "store/exists"))
        throw error;
      taken = true;
    }
  }, wait);
  return !taken;
}

function documentLock({ locks }: DraftState): Date | null {
  return locks?.documentsUntil ?? null;
}

function lockedUntilOf(state: DraftState): string | undefined {
  return documentLock(state)?.toISOString();
}

function byKey(one: InventoryLine, other: InventoryLine): number {
  return one.key < other.key ? -1 : 1;
}

function plainBytesOf({ streams }: EndedDraft): number {
  return streams.reduce((total, stream) => total + stream.bytes, 0);
}
