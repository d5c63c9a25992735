/** Whether the programs of PostgreSQL that are here suit a server is told before the first backup. */
import { expect, it } from "vitest";
import { judgePrograms } from "../../src/postgres/source/examine-programs.ts";

const programs = { version: "15.18", folder: "/usr/lib/postgresql/15/bin", versionNum: 150_018 };

it.each([150_018, 150_002])("programs are good for a server that is no newer: %d", (server) => {
  expect(judgePrograms(server, programs)).toMatchObject({ outcome: "passed" });
});

it("programs of an older minor release than the server's are warned of, by both names", () => {
  expect(judgePrograms(150_020, programs)).toEqual({
    name: "programs",
    outcome: "warned",
    detail:
      "15.18 in /usr/lib/postgresql/15/bin, older than the server (15.20): update the packages of PostgreSQL here",
  });
});
