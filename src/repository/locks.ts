/**
 * How long objects are locked (trap 28). A lock must not run out under a chunk that a later backup
 * reuses, so chunks are locked half as long again as the plan asks, and are written anew once less
 * than the plan's time is left.
 */
import type { InventoryLine } from "../model/documents.ts";
import type { Shelf } from "./shelves.ts";

export interface LockTimes {
  /** Manifest, inventory and record: no other backup reuses them. */
  readonly documentsUntil: Date;
  readonly chunksUntil: Date;
}

/** How much longer than documents chunks are locked. */
export const chunkLockFactor = 1.5;

/** Null when no store locks. */
export function lockTimes(shelves: readonly Shelf[], startedAt: Date): LockTimes | null {
  const keepMs = Math.max(0, ...shelves.map(({ lock }) => lock?.keepMs ?? 0));
  if (keepMs === 0) return null;
  return {
    documentsUntil: new Date(startedAt.getTime() + keepMs),
    chunksUntil: new Date(startedAt.getTime() + keepMs * chunkLockFactor),
  };
}

/** Whether an object that lies in the stores is locked for as long as a new backup needs. */
export function lockedLongEnough(line: InventoryLine, locks: LockTimes | null): boolean {
  if (locks === null) return true;
  return line.lockedUntil !== undefined && Date.parse(line.lockedUntil) >= locks.documentsUntil.getTime();
}
