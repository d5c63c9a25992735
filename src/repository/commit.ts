/** Manifest, inventory, a last look, and the record: the order in which a backup comes to be. */
import { spell } from "../model/duration.ts";
import { newBackupId } from "../model/ids.ts";
import { backupLengthMaxMs } from "../model/plan.ts";
import { Failure } from "../base/failure.ts";
import { sha256 } from "../base/digest.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName } from "../model/ids.ts";
import { inventoryKey, manifestKey, recordKey } from "../model/layout.ts";
import type { StreamEntry } from "../model/manifest.ts";
import { chainEnd } from "./chain.ts";
import type { Committed, DraftEnd, DraftState } from "./draft-state.ts";
import { encodeInventory } from "./inventory.ts";
import { encodeManifest } from "./manifest.ts";
import { putWhole } from "./put.ts";
import { isGood, readRecords, type StoredRecord } from "./records.ts";
import { settle } from "./settle.ts";

/** How long a prune waits between condemning and removing; part of what all hosts agree on (trap 27). */
export const graceMs = 24 * 3_600_000;

const idsMax = 3;
const looksMax = 3;

interface Written {
  readonly backup: BackupId;
  readonly manifest: InventoryLine;
  readonly inventory: InventoryLine;
  /** Everything the inventory names, sorted by key. */
  readonly named: readonly InventoryLine[];
}

export async function commit(
  state: DraftState,
  streams: readonly StreamEntry[],
  end: DraftEnd,
  wait: Waiting,
): Promise<Committed> {
  const written = await writeDocuments(state, streams, end, wait);
  const record = await lookAndSign(state, streams, end, written, wait);
  await state.shelves.each(
    (shelf) => putWhole(shelf, { ...record, lockedUntil: documentLock(state) }, wait),
    wait,
  );
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
    plainBytes: sum(streams),
    uploadedBytes: uploaded + written.manifest.bytes + written.inventory.bytes,
    reusedBytes: reused,
    objects: written.named.length,
    copies,
  };
}

/** Manifest and inventory, under an id that nobody took. */
async function writeDocuments(
  state: DraftState,
  streams: readonly StreamEntry[],
  end: DraftEnd,
  wait: Waiting,
): Promise<Written> {
  for (let attempt = 1; ; attempt += 1) {
    const backup = newBackupId(end.at, state.workshop.chance);
    const manifest = await sealManifest(state, streams, end, backup, wait);
    if (attempt < idsMax && (await isTaken(state, manifest.line.key, wait))) continue;
    await putDocument(state, manifest, wait);
    const named = [...state.placer.lines, ...state.keyLines, manifest.line].toSorted(byKey);
    const body = await encodeInventory({ tenant: state.order.tenant, backup }, named);
    const inventory = document(inventoryKey(state.order.tenant, backup), body, lockedUntilOf(state));
    await putDocument(state, inventory, wait);
    return { backup, manifest: manifest.line, inventory: inventory.line, named };
  }
}

async function sealManifest(
  { order, workshop, keys, locks }: DraftState,
  streams: readonly StreamEntry[],
  end: DraftEnd,
  backup: BackupId,
  wait: Waiting,
): Promise<Document> {
  const plain = encodeManifest({
    format: { name: "holdfast-manifest", version: 1 },
    engine: "postgres-logical",
    tenant: order.tenant,
    backup,
    kind: order.kind,
    at: end.at.toISOString(),
    streams: streams.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    fingerprint: end.fingerprint,
    environment: { ...end.environment },
  });
  const sealed = await workshop.sealer.sealDocument(plain, [keys.recipient], order.zstdLevel, wait);
  return document(manifestKey(order.tenant, backup), sealed.body, locks?.documentsUntil.toISOString());
}

/** Whether some store has that key already; two backups of one second may draw the same letters. */
async function isTaken({ shelves }: DraftState, key: ObjectKey, wait: Waiting): Promise<boolean> {
  let taken = false;
  await shelves.each(async ({ store }) => {
    if ((await store.stat(key, wait)) !== null) taken = true;
  }, wait);
  return taken;
}

/**
 * The last look, and the record that follows from it. When the look has become older than a quarter
 * of the grace time before the record is ready to be written, it is taken again (trap 27).
 */
async function lookAndSign(
  state: DraftState,
  streams: readonly StreamEntry[],
  end: DraftEnd,
  written: Written,
  wait: Waiting,
): Promise<{
  readonly key: ObjectKey;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly sha256: string;
}> {
  const { order, workshop, shelves, keys } = state;
  const lines = [...written.named, written.inventory].toSorted(byKey);
  for (let look = 1; look <= looksMax; look += 1) {
    const lookedAt = await settle(
      {
        tenant: order.tenant,
        backup: written.backup,
        generation: keys.generation,
        lines,
        reused: state.placer.reused,
        shelves,
        trust: workshop.trust,
        clock: workshop.clock,
      },
      wait,
    );
    const body = await workshop.signer.sign("record", await recordOf(state, streams, end, written, wait));
    demandInTime(state);
    if (workshop.clock.now().getTime() - lookedAt.getTime() <= graceMs / 4) {
      return { key: recordKey(order.tenant, written.backup), body, bytes: body.length, sha256: sha256(body) };
    }
  }
  throw new Failure("backup/overtaken", "the stores answer too slowly for a last look to stay valid");
}

/** A prune takes what no record names for left behind once it is older than any backup may be (trap 27). */
function demandInTime({ startedAt, workshop }: DraftState): void {
  const tookMs = workshop.clock.now().getTime() - startedAt.getTime();
  if (tookMs <= backupLengthMaxMs) return;
  throw new Failure(
    "wait/expired",
    `the backup took ${spell(tookMs)}, and none may take longer than ${spell(backupLengthMaxMs)}`,
    { hint: "more `jobs` for the source, or fewer tenants at once, make a backup shorter" },
  );
}

async function recordOf(
  state: DraftState,
  streams: readonly StreamEntry[],
  end: DraftEnd,
  { backup, manifest, inventory, named }: Written,
  wait: Waiting,
): Promise<BackupRecord> {
  const { order, workshop, keys, startedAt } = state;
  const last = chainEnd((await recordsNow(state, wait)).filter(isGood));
  return {
    format: { name: "holdfast-record", version: 1 },
    engine: "postgres-logical",
    tenant: order.tenant,
    backup,
    kind: order.kind,
    at: end.at.toISOString(),
    startedAt: startedAt.toISOString(),
    finishedAt: workshop.clock.now().toISOString(),
    keyGeneration: keys.generation,
    manifest: { bytes: manifest.bytes, sha256: manifest.sha256 },
    inventory: { bytes: inventory.bytes, sha256: inventory.sha256 },
    plainBytes: sum(streams),
    sealedBytes: named.reduce((total, line) => total + line.bytes, 0),
    objects: named.length,
    counter: last === null ? 1 : last.record.counter + 1,
    previous: last === null ? null : { backup: last.backup, sha256: last.sha256 },
    host: workshop.host,
  };
}

/** Records of all stores left, as they are now: another backup may have ended since this one began. */
async function recordsNow(
  { order, workshop, shelves, seen }: DraftState,
  wait: Waiting,
): Promise<readonly StoredRecord[]> {
  const found: StoredRecord[] = [];
  await shelves.each(async ({ store }) => {
    found.push(...(await readRecords(order.tenant, store, workshop, wait, seen.get(store.name) ?? [])));
  }, wait);
  return found;
}

interface Document {
  readonly line: InventoryLine;
  readonly body: Uint8Array;
}

function document(key: ObjectKey, body: Uint8Array, lockedUntil: string | undefined): Document {
  const line = { key, bytes: body.length, sha256: sha256(body) };
  return { line: lockedUntil === undefined ? line : { ...line, lockedUntil }, body };
}

async function putDocument(state: DraftState, { line, body }: Document, wait: Waiting): Promise<void> {
  await state.shelves.each(
    (shelf) => putWhole(shelf, { ...line, body, lockedUntil: documentLock(state) }, wait),
    wait,
  );
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

function sum(streams: readonly StreamEntry[]): number {
  return streams.reduce((total, stream) => total + stream.bytes, 0);
}
