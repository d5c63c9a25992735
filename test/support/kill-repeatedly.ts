import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bodies, brokenPromises } from "./copy-reader.ts";
import { createDatabase, psql, startTestServer, urlOf } from "./postgres-server.ts";
import { allObjects } from "./store-objects.ts";
import { tenantHome } from "./tenant-home.ts";

/** After so many kills a backup is let live. */
const livesEvery = 4;

/**
 * Kills backups of one small tenant whose rows change all the time, `times` of them met alive, each at a random
 * moment of its life. After each the stores name nothing that they do not hold whole, and none holds a record that
 * the other lacks the objects of; every fourth backup lives, and is complete. Returns what is broken, in words, with the moment of the kill.
 */
export async function killRepeatedly(times: number): Promise<readonly string[]> {
  await using server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t as select g, md5(g::text) from generate_series(1, 20000) g");
  await using home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  const lives = async (): Promise<number> => {
    const startedMs = performance.now();
    const ended = await home.run(["backup", "acme"]);
    if (ended.exit !== 0) throw new Error(`a backup that was let live failed: ${ended.stderr}`);
    return performance.now() - startedMs;
  };
  let lifeMs = await lives();
  const broken: string[] = [];
  for (let turn = 1, killed = 0; killed < times; turn += 1) {
    await psql(server, "acme", `insert into t select g, md5(random()::text) from generate_series(1, 5000) g`);
    const afterMs = Math.random() * lifeMs;
    const startedMs = performance.now();
    const victim = home.start(["backup", "acme"]);
    await Promise.race([pause(afterMs), victim.ended]);
    victim.kill("SIGKILL");
    const { signal } = await victim.ended;
    if (signal === "SIGKILL") killed += 1;
    // One that had ended before tells how long a life is by now, on a machine that has less to do.
    else lifeMs = Math.min(lifeMs, performance.now() - startedMs);
    const moment = `turn ${String(turn)}, killed after ${afterMs.toFixed(0)} ms`;
    for (const store of ["one", "two"] as const)
      broken.push(
        ...brokenPromises(folderBodies(home.store(store))).map((one) => `${one}, ${store}, ${moment}`),
      );
    if (turn % livesEvery === 0) await lives();
  }
  return broken;
}

function folderBodies(folder: string): Bodies {
  return { keys: () => allObjects(folder), bodyOf: (key) => readFileSync(join(folder, key)) };
}
