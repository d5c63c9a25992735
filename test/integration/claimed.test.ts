/** Commands and whoever else works on a tenant take turns, as far as there is a catalog that can tell. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { noProgress } from "../../src/base/progress.ts";
import type { Claim } from "../../src/catalog/catalog.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { claimed } from "../../src/desk/claimed.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { openDesk } from "../../src/desk/open-desk.ts";
import type { Talk } from "../../src/desk/talk.ts";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { daemonHome, type DaemonHome } from "../support/daemon-home.ts";
import { startTestServer, testWait } from "../support/postgres-server.ts";
import { join } from "node:path";

const acme: Claim = { kind: "tenant-write", tenant: tenantId.parse("acme") };
const wait = testWait();
let server: PrivateServer;
let house: DaemonHome;

beforeAll(async () => {
  server = await startTestServer();
  house = await daemonHome(server, ["acme"]);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Claims as a command does, whose catalog is `url`; `said` is told every line. */
async function claim(
  url: string,
  said: (line: string) => void,
  work: () => Promise<string>,
): Promise<string> {
  const machine: Machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: { ...house.env, HOLDFAST_CATALOG_URL: url },
    cwd: house.home.folder,
    version: "0.0.0",
    packageFolder: "/",
    hostName: "test",
    uid: process.getuid?.() ?? -1,
  };
  const config = await loadConfig(join(house.home.folder, "holdfast.yaml"), machine.env);
  await using desk = await openDesk(config, machine, wait);
  const talk: Talk = { say: said, progress: () => noProgress };
  return claimed(desk, acme, talk, work, wait);
}

describe("work on a tenant", () => {
  it("waits for whoever is at it, says so once, and goes on when they have ended", async () => {
    const other = await house.catalog.claims.tryTake(acme, wait);
    expect(other).not.toBeNull();
    const waiting = Promise.withResolvers<string>();
    let isOver = false;
    const lines: string[] = [];
    const working = claim(
      house.env["HOLDFAST_CATALOG_URL"] ?? "",
      (line) => {
        lines.push(line);
        waiting.resolve(line);
      },
      () => Promise.resolve(isOver ? "in turn" : "too early"),
    );
    expect(await waiting.promise).toBe("acme: somebody else is at work, waiting for them to end");
    isOver = true;
    await other?.[Symbol.asyncDispose]();
    expect(await working).toBe("in turn");
    expect(lines).toHaveLength(1);
  });

  it("keeps others away until it ends, well or not", async () => {
    const url = house.env["HOLDFAST_CATALOG_URL"] ?? "";
    const failing = claim(
      url,
      () => undefined,
      async () => {
        expect(await house.catalog.claims.tryTake(acme, wait)).toBeNull();
        throw new Error("broken");
      },
    );
    await expect(failing).rejects.toThrow("broken");
    await using free = await house.catalog.claims.tryTake(acme, wait);
    expect(free).not.toBeNull();
  });

  it("is done all the same, with a warning, where the catalog does not answer", async () => {
    const lines: string[] = [];
    const nowhere = "postgres://nobody@127.0.0.1:1/none";
    expect(
      await claim(
        nowhere,
        (line) => lines.push(line),
        () => Promise.resolve("done"),
      ),
    ).toBe("done");
    expect(lines).toEqual([expect.stringContaining("warning: the catalog cannot tell")]);
  });
});
