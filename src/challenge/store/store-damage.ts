/** The port of damages in a store: what each is given, and what it leaves behind for the reader to meet. */
import type { Waiting } from "../../base/waiting.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../../model/ids.ts";
import type { Manifest } from "../../model/manifest.ts";
import type { InventoryLine } from "../../model/documents.ts";
import type { AnyStore } from "../../stores/around.ts";
import type { DamageHead, Outcome } from "../damage.ts";
import type { ChallengeSigners } from "../signers.ts";
import type { Folder } from "./folder.ts";

export interface StoreDamage extends DamageHead {
  readonly family: "store";
  readonly make: (stores: StoresToDamage, wait: Waiting) => Promise<Trouble>;
}

/** What remains to be said after the damage was done to the folders. */
export interface Trouble {
  /** How the store on trial is seen, where it lies rather than lacks. */
  readonly lens?: (store: AnyStore) => AnyStore;
  /** The backup to look at; the newest unless told. */
  readonly backup?: BackupId;
}

export interface StoresToDamage {
  readonly tenant: TenantId;
  readonly neighbour: TenantId;
  readonly newest: BackupId;
  readonly older: BackupId;
  readonly neighbours: BackupId;
  /** The store on trial, to be damaged. */
  readonly folder: Folder;
  /** The other store, to be read; what is to be lost for good has to go here as well. */
  readonly other: Folder;
  /** The store on trial as it was last week; to be read. */
  readonly lastWeek: Folder;
  /** What the copy on trial holds while it is whole. */
  readonly contents: Contents;
  readonly store: StoreName;
  readonly otherStore: StoreName;
  readonly signers: ChallengeSigners;
  readonly now: () => Date;
}

export interface Contents {
  readonly manifest: Manifest;
  readonly inventory: ReadonlyMap<ObjectKey, InventoryLine>;
  /** Of the tenant's key generation. */
  readonly recipient: string;
  /** Objects of an older backup that the newest does not name. */
  readonly formerChunks: readonly ObjectKey[];
  readonly neighboursChunks: readonly ObjectKey[];
}

type Made = Trouble | void;

/**
 * Refuted by the verification of the copy: the usual end of a damage to what a copy is made of. The finding has to
 * name what was damaged.
 */
export function refuted(
  name: string,
  title: string,
  says: RegExp,
  make: (stores: StoresToDamage, wait: Waiting) => Promise<Made>,
): StoreDamage {
  return storeDamage({ name, title, says, expected: "refuted" }, make);
}

export function storeDamage(
  head: Pick<DamageHead, "name" | "title" | "expected" | "says">,
  make: (stores: StoresToDamage, wait: Waiting) => Promise<Made>,
): StoreDamage {
  const seenBy = isListed(head.expected) ? (["list"] as const) : (["copy"] as const);
  return { ...head, seenBy, family: "store", make: async (stores, wait) => (await make(stores, wait)) ?? {} };
}

/** Whether the listing of backups is to see it, and no copy has to be tried. */
export function isListed(expected: Outcome): boolean {
  return expected !== "refuted" && expected !== "proven";
}
