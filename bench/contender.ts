/** Who takes part in the bench: what it runs for each step. */
import type { Command } from "./measure.ts";

/** What a plan that says nothing of it gets. */
export const zstdLevelDefault = 3;

export interface Contender {
  readonly name: string;
  /** Said below the table: what the figures of this one do not include, or include beside. */
  readonly note: string;
  /** Made once, not measured. */
  prepare(): Promise<void>;
  /** The same command for the first backup and for the second. */
  backup(): Command;
  /** Into the database, which exists and is empty unless `createsTarget`. */
  restore(database: string): Command;
  readonly createsTarget: boolean;
  /** Null where there is nothing that proves a backup. */
  verify(): Command | null;
}
