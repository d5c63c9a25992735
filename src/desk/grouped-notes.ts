import type { StateNote } from "../repository/tenant-holding.ts";

/**
 * What is amiss with a tenant's backups, each thing once however many backups it is about: a key that is trusted no
 * more would else fill a screen, with the one line that matters somewhere in it.
 */
export function groupedNotes(notes: readonly StateNote[]): readonly string[] {
  return [...grouped(notes)].map(([, { store, note, backups }]) => {
    const many = backups.length > 1 ? ` (${String(backups.length)} backups)` : "";
    return `${store}: ${note}${many}`;
  });
}

/** The same, with the backup where it is about one alone. */
export function groupedNotesByBackup(notes: readonly StateNote[]): readonly string[] {
  return [...grouped(notes)].map(([, { store, note, backups }]) => {
    const [first] = backups;
    const which = backups.length > 1 ? `${String(backups.length)} backups` : first;
    return which === undefined ? `${store}: ${note}` : `${which} in ${store}: ${note}`;
  });
}

interface Group extends Pick<StateNote, "store" | "note"> {
  readonly backups: readonly string[];
}

function grouped(notes: readonly StateNote[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const { store, note, backup } of notes) {
    const key = `${store} ${note}`;
    const before = groups.get(key)?.backups ?? [];
    groups.set(key, { store, note, backups: backup === null ? before : [...before, backup] });
  }
  return groups;
}
