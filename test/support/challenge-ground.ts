/** The ground of a challenge for tests: laid once for a whole file, since that takes seconds. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { type Ground, layGround } from "../../src/challenge/ground.ts";
import { challengeHome } from "../../src/cli/challenge/home.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { testWait } from "./postgres-server.ts";
import { passableFolder } from "./passable-folder.ts";

export async function challengeGround(): Promise<Ground> {
  const folder = await passableFolder("holdfast-challenge-test-");
  const machine: Machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env: {},
    cwd: "/",
    version: "0.0.0",
    packageFolder: resolve(import.meta.dirname, "../.."),
    hostName: "test-host",
    uid: process.getuid?.() ?? -1,
  };
  const wait = testWait(400_000);
  const config = await challengeHome(join(folder, "home"), machine, wait);
  const ground = await layGround({ folder, config, machine }, wait);
  return {
    ...ground,
    [Symbol.asyncDispose]: async () => {
      await ground[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
