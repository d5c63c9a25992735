import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { type Bodies, brokenPromises } from "./copy-reader.ts";
import { createDatabase, psql, startTestServer, urlOf } from "./postgres-server.ts";
import { allObjects } from "./store-objects.ts";
import { tenantHome } from "./tenant-home.ts";

/** After so many kills a backup is let live. */
const livesEvery = 4;

/**
 * Kills backups of one small tenant whose rows change all the time, each at a random moment of its life.
 * After each the stores name nothing that they do not hold whole, and none holds a record that the
 * other lacks the objects of; every fourth backup lives, and is complete.
 */
export async function killRepeatedly(times: number): Promise<void> {
  await using server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t as select g, md5(g::text) from generate_series(1, 20000) g");
  await using home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  const lives = async (): Promise<number> => {
    const startedMs = performance.now();
    const ended = await home.run(["backup", "acme"]);
    expect(ended, ended.stderr).toMatchObject({ exit: 0 });
    return performance.now() - startedMs;
  };
  const lifeMs = await lives();
  let killed = 0;
  for (let turn = 1; turn <= times; turn += 1) {
    await psql(server, "acme", `insert into t select g, md5(random()::text) from generate_series(1, 5000) g`);
    const afterMs = Math.random() * lifeMs;
    const victim = home.start(["backup", "acme"]);
    await Promise.race([pause(afterMs), victim.ended]);
    victim.kill("SIGKILL");
    const { signal } = await victim.ended;
    if (signal === "SIGKILL") killed += 1;
    const moment = `turn ${String(turn)}, killed after ${afterMs.toFixed(0)} ms`;
    for (const store of ["one", "two"] as const)
      expect(brokenPromises(folderBodies(home.store(store))), `${store}, ${moment}`).toEqual([]);
    if (turn % livesEvery === 0) await lives();
  }
  // Most must have been met alive, or nothing was tried.
  expect(killed).toBeGreaterThan(times / 3);
}

function folderBodies(folder: string): Bodies {
  return { keys: () => allObjects(folder), bodyOf: (key) => readFileSync(join(folder, key)) };
}
