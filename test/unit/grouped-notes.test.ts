/** Notes about a tenant's backups: one thing is told once. */
import { describe, expect, it } from "vitest";
import { groupedNotes, groupedNotesByBackup } from "../../src/desk/grouped-notes.ts";
import { backupId, storeName } from "../../src/model/ids.ts";

const one = storeName.parse("one");
const two = storeName.parse("two");
const first = backupId.parse("20261121T010000Z-aaaaaa");
const second = backupId.parse("20261121T020000Z-bbbbbb");

const notes = [
  { store: one, backup: first, note: "signer: unknown" },
  { store: two, backup: null, note: "EACCES" },
  { store: one, backup: second, note: "signer: unknown" },
  { store: two, backup: first, note: "signer: unknown" },
];

describe("notes", () => {
  it("name a store once for each thing, with the number of backups", () => {
    expect(groupedNotes(notes)).toEqual([
      "one: signer: unknown (2 backups)",
      "two: EACCES",
      "two: signer: unknown",
    ]);
  });

  it("name the backup where there is one alone", () => {
    expect(groupedNotesByBackup(notes)).toEqual([
      "2 backups in one: signer: unknown",
      "two: EACCES",
      `${first} in two: signer: unknown`,
    ]);
  });
});
