/** A scratch server without walls is given no code that could reach beyond it (trap 20). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { judge } from "../../src/model/check.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { tryOutOn } from "../../src/verify/try-out.ts";
import type { TryOutResult } from "../../src/verify/trial.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import {
  createDatabase,
  psql,
  startTestServer,
  testRunAs,
  testServerRoot,
  testWait,
} from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

let source: PrivateServer;
/** Nothing is ever loaded into it. */
let refusing: PrivateServer;

beforeAll(async () => {
  [source, refusing] = await Promise.all([startTestServer(), startScratch()]);
});
afterAll(async () => {
  await Promise.all([source[Symbol.asyncDispose](), refusing[Symbol.asyncDispose]()]);
});

async function imageOf(database: string, sql: string): Promise<Image> {
  await createDatabase(source, database);
  await psql(source, database, sql);
  return memoryImage(await backupOf(source, database));
}

type Walls = Pick<PrivateServer["isolation"], "ownUser" | "noNetwork">;

async function tried(image: Image, lent: PrivateServer, walls: Walls): Promise<TryOutResult> {
  const ground = {
    root: testServerRoot,
    runAs: testRunAs(),
    binFolders: [],
    jobs: 1,
    chance: systemChance,
    startServer: async () => ({
      ...lent,
      isolation: { ...lent.isolation, ...walls },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
  const wish = { assertions: [], indexes: false, onProgress: () => undefined };
  return tryOutOn(ground, wish)(image, testWait());
}

const onlyUser = { ownUser: true, noNetwork: false };
const onlyNetwork = { ownUser: false, noNetwork: true };

describe("a scratch server that lacks a wall", () => {
  it.each([
    [
      "an event trigger",
      "told",
      `create function public.told() returns event_trigger language plpgsql as 'begin end';
       create event trigger told on ddl_command_end execute function public.told()`,
    ],
    [
      "a foreign server",
      "far",
      "create extension postgres_fdw; create server far foreign data wrapper postgres_fdw",
    ],
    [
      "a function in internal",
      "inside",
      "create function public.steal(text) returns text language internal strict as 'pg_read_file_all'",
    ],
  ])("is not given %s", async (what, database, sql) => {
    const image = await imageOf(database, sql);
    for (const [walls, lacks] of [
      [onlyUser, "a network namespace"],
      [onlyNetwork, "a user of its own"],
    ] as const) {
      await expect(tried(image, refusing, walls)).rejects.toMatchObject({
        code: "scratch/isolation",
        message: `the backup holds ${what}, and scratch lacks ${lacks} here`,
      });
    }
    await using walled = await startScratch();
    const { checks } = await tried(image, walled, { ownUser: true, noNetwork: true });
    expect(checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  it("goes by what was counted at the source too, whatever the archive holds", async () => {
    const image = await imageOf("counted", "select");
    const one = { kind: "event trigger", count: 1, sha256: "0".repeat(64) };
    const fingerprint = { ...image.fingerprint, census: [...image.fingerprint.census, one] };
    await expect(tried({ ...image, fingerprint }, refusing, onlyUser)).rejects.toThrow("an event trigger");
  });

  it("proves what needs none", async () => {
    const image = await imageOf("harmless", "create table public.t as select 1 as a");
    await using open = await startScratch();
    const { checks } = await tried(image, open, { ownUser: false, noNetwork: false });
    expect(
      judge([...checks, { name: "copy", outcome: "passed", compared: 1, detail: "", findings: [] }]),
    ).toBe("proven");
  });
});
