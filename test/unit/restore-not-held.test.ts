/** Whoever restores is told what an extension had and the backup has not, since nobody else will set it. */
import { expect, it } from "vitest";
import { notHeld } from "../../src/restore/not-held.ts";

it("rows and values of extensions that no backup holds are told, and what is told elsewhere is not", () => {
  const reason = "pgagent does not mark it as configuration";
  const omitted = [
    { kind: "password", name: "all", reason: "logins get new passwords after a restore" },
    { kind: "rows of an extension's table", name: "a.b", reason },
    { kind: "value of an extension's sequence", name: "a.c", reason: `${reason}; set it after a restore` },
  ];
  expect(notHeld({ omitted })).toEqual([
    `not in the backup: rows of an extension's table a.b: ${reason}`,
    `not in the backup: value of an extension's sequence a.c: ${reason}; set it after a restore`,
  ]);
  expect(notHeld({ omitted: [] })).toEqual([]);
});
