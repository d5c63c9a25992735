/** One backup as the stores show it: in which of them it is whole, and what the newest proof of each copy says. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupState, CopyState } from "../model/choose.ts";
import type { BackupRecord } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName } from "../model/ids.ts";
import { inventoryKey } from "../model/layout.ts";
import { instantOf } from "./instant-of.ts";
import { readInventory } from "./inventories.ts";
import { damagedKeys, type Statements } from "./known-damage.ts";
import type { Library } from "./library.ts";
import { newestProof } from "./proofs.ts";
import { isGood, type StoredRecord } from "./records.ts";
import type { StateNote, TenantHolding } from "./tenant-holding.ts";

/** What the rules choose from, and what people want to know beside it. */
export interface BackupEntry extends BackupState {
  /** Null where no store shows a record that we believe. */
  readonly record: BackupRecord | null;
}

/** What the stores that answered show of the tenant. */
interface Answered {
  /** All of the tenant's, those that did not answer too. */
  readonly stores: Library["stores"];
  readonly holdings: readonly TenantHolding[];
  readonly statements: Statements;
  /** What is amiss is added. */
  readonly notes: StateNote[];
}

export async function entryOf(
  backup: BackupId,
  { stores, holdings, statements, notes }: Answered,
  wait: Waiting,
): Promise<BackupEntry> {
  const shown = holdings.flatMap(({ records }) => records.get(backup) ?? []);
  const believed = shown.find(isGood);
  if (believed === undefined) return suspectEntry(backup, stores, shown);
  const judged = holdings.map((holding) => ({
    ...holding,
    damaged: damagedKeys(statements, holding.store.name, holding.storeId, backup),
  }));
  const same = judged.filter(({ records }) => records.get(backup)?.sha256 === believed.sha256);
  const { whole, amiss } = await wholeIn(believed.record, same, wait);
  notes.push(...amiss);
  const copies = new Map<StoreName, CopyState>();
  for (const { name } of stores) {
    const holding = judged.find(({ store }) => store.name === name);
    const proof =
      holding?.storeId === undefined || holding.storeId === null
        ? null
        : newestProof(statements.proofs, {
            backup,
            store: name,
            storeId: holding.storeId,
            record: believed.sha256,
          });
    const hasRecord = holding?.records.has(backup) === true;
    // What a proof found altered no listing shows, and it may be nothing that the inventory names.
    const isAltered =
      proof?.verdict === "refuted" && proof.damaged.some((key) => holding?.damaged.has(key) === true);
    const state = whole.has(name) && !isAltered ? "present" : hasRecord ? "damaged" : "missing";
    copies.set(name, { state, proof: proof === null ? null : { verdict: proof.verdict, at: proof.at } });
  }
  const { kind, at, plainBytes } = believed.record;
  return { backup, kind, at, plainBytes, suspect: false, copies, record: believed.record };
}

interface JudgedHolding extends TenantHolding {
  /** Found altered, whatever the listing says. */
  readonly damaged: ReadonlySet<ObjectKey>;
}

/** The stores whose listing shows every object of the inventory, and the inventory, with its size; what is amiss in others. */
async function wholeIn(
  record: BackupRecord,
  holdings: readonly JudgedHolding[],
  wait: Waiting,
): Promise<{ readonly whole: ReadonlySet<StoreName>; readonly amiss: readonly StateNote[] }> {
  const { tenant, backup, inventory } = record;
  const whole = new Set(holdings.map(({ store }) => store.name));
  const amiss: StateNote[] = [];
  const drop = (store: StoreName, note: string): void => {
    if (whole.delete(store)) amiss.push({ store, backup, note });
  };
  const look = (key: ObjectKey, bytes: number): void => {
    for (const { store, listing, damaged } of holdings) {
      if (listing.get(key) !== bytes)
        drop(store.name, `${key} is ${listing.has(key) ? "of another size" : "missing"}`);
      // What was found altered no listing shows; it counts against every backup that names it (trap 23).
      else if (damaged.has(key)) drop(store.name, `${key} was found damaged`);
    }
  };
  look(inventoryKey(tenant, backup), inventory.bytes);
  try {
    const sources = holdings.map(({ store }) => store);
    const onDamage = (damage: {
      readonly store: StoreName;
      readonly key: string;
      readonly reason: string;
    }): void => {
      drop(damage.store, `${damage.key} is ${damage.reason}`);
    };
    for await (const { key, bytes } of readInventory(sources, record, onDamage, wait)) {
      // The rest could tell no more, and may be as long as whoever made it liked.
      if (whole.size === 0) break;
      look(key, bytes);
    }
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    for (const { store } of holdings) drop(store.name, error.message);
  }
  return { whole, amiss };
}

/** Nothing of it is believed, and it is listed all the same: somebody has to look at it. */
function suspectEntry(
  backup: BackupId,
  stores: Library["stores"],
  shown: readonly StoredRecord[],
): BackupEntry {
  const record = shown.map((one) => one.record).find((one) => one !== null) ?? null;
  const holders = new Set(shown.map(({ store }) => store));
  const copies = new Map(
    stores.map(({ name }): [StoreName, CopyState] => [
      name,
      { state: holders.has(name) ? "damaged" : "missing", proof: null },
    ]),
  );
  return {
    backup,
    kind: record?.kind ?? "manual",
    at: record?.at ?? instantOf(backup),
    plainBytes: record?.plainBytes ?? 0,
    suspect: true,
    copies,
    record,
  };
}
