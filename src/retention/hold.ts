/** Laying, releasing and listing holds: what is held, retention never removes. */
import type { Chance } from "../base/chance.ts";
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { demandTrusted } from "../keys/demand-trusted.ts";
import { type HoldRelease, holdRelease, type HoldStatement, holdStatement } from "../model/documents.ts";
import { type BackupId, type HoldId, newHoldId, type StoreName, type TenantId } from "../model/ids.ts";
import { recordKey } from "../model/layout.ts";
import { rightTime } from "../repository/clocks.ts";
import { holdsInForce, keyOfHold, readHolds, type StoredHolds } from "../repository/holds.ts";
import { askEach, demandAnswer, type StoreDown, unasked } from "../repository/library.ts";
import { putStatement, statementBytes } from "../repository/put-statement.ts";
import type { ObjectReader, Store } from "../stores/store.ts";
import type { PruneDesk, RetentionDesk } from "./order.ts";

export interface HoldDesk extends PruneDesk {
  readonly chance: Chance;
  /** Name of this host. */
  readonly host: string;
}

export interface Written<T> {
  readonly document: T;
  /** Where it lies; at least one. */
  readonly stores: readonly StoreName[];
  readonly down: readonly StoreDown[];
}

export interface LaidHold extends Written<HoldStatement> {
  /** Stores in which the record went while the hold was laid; those that show it still keep it. */
  readonly lostIn: readonly StoreName[];
}

export interface HoldWish {
  readonly tenant: TenantId;
  /** Null: every backup of the tenant, those to come included. */
  readonly backup: BackupId | null;
  readonly reason: string;
}

export interface ReleaseWish {
  readonly tenant: TenantId;
  readonly hold: HoldId;
  readonly reason: string;
}

/**
 * Signed and put into every store that takes it. "backup/unknown" when no store has a record of the
 * backup, before or after; then it is released again. "keys/role" when this host may not; "store/clock" when its clock and
 * a store's are too far apart, since a hold upon all says by its date what had gone rightly before; the first store's
 * failure when none took it.
 */
export async function layHold(
  { tenant, backup, reason }: HoldWish,
  stores: readonly Store[],
  desk: HoldDesk,
  wait: Waiting,
): Promise<LaidHold> {
  await demandTrusted(desk, "removal", desk.clock.now());
  const before = await showing(tenant, backup, stores, wait);
  demandShown(tenant, backup, before);
  const at = await rightTime(stores, () => desk.clock.now(), wait);
  const statement = holdStatement.parse({
    format: { name: "holdfast-hold", version: 1 },
    tenant,
    hold: newHoldId(at, desk.chance),
    backup,
    reason,
    at: at.toISOString(),
    host: desk.host,
  });
  const written = await write(statement, stores, desk, wait);
  // A prune that had looked before may have been quicker; whoever asked must know.
  const after = await showing(tenant, backup, stores, wait);
  if (backup !== null && after.stores.size === 0 && after.down.length === 0) {
    await writeRelease(
      { tenant, hold: statement.hold, reason: "its backup was just removed", at },
      stores,
      desk,
      wait,
    );
  }
  demandShown(tenant, backup, after);
  const silent = new Set(after.down.map(({ store }) => store));
  const lostIn = [...before.stores].filter((store) => !after.stores.has(store) && !silent.has(store));
  return { ...written, lostIn };
}

/** "usage/invalid" when no store shows such a hold, or it was released before. */
export async function releaseHold(
  { tenant, hold, reason }: ReleaseWish,
  stores: readonly Store[],
  desk: HoldDesk,
  wait: Waiting,
): Promise<Written<HoldRelease>> {
  await demandTrusted(desk, "removal", desk.clock.now());
  const { holds, down } = await listHolds(tenant, stores, desk, wait);
  if (!holds.some((one) => one.hold === hold)) {
    throw new Failure("usage/invalid", `${tenant} has no hold ${hold} in force${unasked(down)}`, {
      hint: "`holdfast hold list` shows the holds",
    });
  }
  const at = await rightTime(stores, () => desk.clock.now(), wait);
  return writeRelease({ tenant, hold, reason, at }, stores, desk, wait);
}

/** Holds in force, oldest first, and what may be one and cannot be read. "store/quorum" when no store answered. */
export async function listHolds(
  tenant: TenantId,
  stores: readonly ObjectReader[],
  desk: RetentionDesk,
  wait: Waiting,
): Promise<{
  readonly holds: readonly HoldStatement[];
  readonly unreadable: StoredHolds["unreadable"];
  readonly down: readonly StoreDown[];
}> {
  const { answers, down } = await askEach(stores, (store) => readHolds(tenant, store, desk, wait), wait);
  demandAnswer(`which holds there are on ${tenant}`, stores.length, down);
  const each = [...answers.values()];
  return { holds: holdsInForce(each), unreadable: each.flatMap(({ unreadable }) => unreadable), down };
}

interface Showing {
  readonly stores: ReadonlySet<StoreName>;
  readonly down: readonly StoreDown[];
}

/** The stores that show the record; a hold upon all of a tenant needs none. */
async function showing(
  tenant: TenantId,
  backup: BackupId | null,
  stores: readonly ObjectReader[],
  wait: Waiting,
): Promise<Showing> {
  if (backup === null) return { stores: new Set(), down: [] };
  const key = recordKey(tenant, backup);
  const { answers, down } = await askEach(stores, (store) => store.stat(key, wait), wait);
  return { stores: new Set([...answers].flatMap(([store, stat]) => (stat === null ? [] : [store]))), down };
}

function demandShown(tenant: TenantId, backup: BackupId | null, { stores, down }: Showing): void {
  if (backup === null || stores.size > 0) return;
  throw new Failure("backup/unknown", `no store holds a backup ${backup} of ${tenant}${unasked(down)}`);
}

function writeRelease(
  { tenant, hold, reason, at }: ReleaseWish & { readonly at: Date },
  stores: readonly Store[],
  desk: HoldDesk,
  wait: Waiting,
): Promise<Written<HoldRelease>> {
  const format = { name: "holdfast-release" as const, version: 1 as const };
  const release = { format, tenant, hold, reason, at: at.toISOString(), host: desk.host };
  return write(holdRelease.parse(release), stores, desk, wait);
}

async function write<T extends HoldStatement | HoldRelease>(
  document: T,
  stores: readonly Store[],
  { signer }: HoldDesk,
  wait: Waiting,
): Promise<Written<T>> {
  const body = await signer.sign("removal", document);
  const statement = statementBytes(keyOfHold(document), body);
  const { answers, down } = await askEach(stores, (store) => putStatement(statement, store, wait), wait);
  demandAnswer(`that it took ${statement.key}`, stores.length, down);
  return { document, stores: [...answers.keys()], down };
}
