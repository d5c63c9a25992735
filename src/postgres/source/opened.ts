import type { Scope } from "../../model/fingerprint.ts";
import type { Holder } from "./holder.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { ChosenLargeObjects } from "./large-object-choice.ts";
import type { Programs } from "../server/programs.ts";
import type { Readers } from "./readers.ts";
import type { ReadTable, RowPlan } from "./row-plan.ts";
import type { SchemaArchive } from "./schema-archive.ts";
import type { Session } from "../session/session.ts";
import type { SnapshotOptions } from "./snapshot.ts";

/** All that a snapshot was opened with. */
export interface Opened {
  readonly address: ServerAddress;
  readonly scope: Scope;
  readonly options: SnapshotOptions;
  readonly programs: Programs;
  /** Of the database, in which its rows are copied. */
  readonly encoding: string;
  readonly holder: Holder;
  /** A session of its own without a snapshot, which sees the catalogs as they are now. */
  readonly present: Session;
  readonly readers: Readers;
  /** So many of them may be lent at once. */
  readonly readsAtOnce: number;
  readonly tables: readonly ReadTable[];
  readonly plans: readonly RowPlan[];
  readonly largeObjects: ChosenLargeObjects;
  /** Under way since the snapshot was taken. */
  readonly archive: Promise<SchemaArchive>;
}

export function estimatedBytesOf({ plans, largeObjects }: Pick<Opened, "plans" | "largeObjects">): number {
  return plans.reduce((sum, { bytes }) => sum + bytes, largeObjects.estimatedBytes);
}
