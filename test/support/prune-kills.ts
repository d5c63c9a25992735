/**
 * A prune that is killed at an exact request to an S3 server, as it condemns and as it removes. Whatever it says from
 * then on goes nowhere. Afterwards the promises are checked, and it is run again to its end.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { graceMs } from "../../src/repository/commit.ts";
import { bucketBodies } from "./bucket-bodies.ts";
import { brokenBy, folderBodies, holdersOf, type Stores } from "./check-promises.ts";
import type { Bodies } from "./copy-reader.ts";
import type { Killed } from "./kill-at-steps.ts";
import { memoryStore } from "./memory-store.ts";

import { unopened } from "./open-by-stock-tools.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import type { PruneNeeds } from "./pruning-process.ts";
import { buildHouse, described, type House, rows } from "./repository-fixture.ts";
import { dayMs, daysOfBackups, pass, pruneNow } from "./retention-fixture.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

export const pruneSteps = ["condemns", "removes"] as const;
export type PruneStep = (typeof pruneSteps)[number];

export interface PruneKills extends AsyncDisposable {
  /** How many requests it makes when nobody kills it. */
  requestsOf(step: PruneStep): Promise<number>;
  /** Killed at that request, the first one being 0. */
  kill(step: PruneStep, request: number): Promise<Killed>;
}

const request = /^(?:GET|PUT|HEAD|DELETE|POST) /;
const program = resolve(import.meta.dirname, "pruning-process.ts");

/** Where it begins, the same in both stores but for what names the store. */
interface Scene {
  readonly near: Bodies;
  readonly far: Bodies;
  readonly now: Date;
  /** The backup that has to stay. */
  readonly newest: string;
}

interface Stage {
  readonly house: House;
  readonly server: S3Server;
  readonly bucket: string;
  readonly line: Proxy;
  readonly folder: string;
}

export async function openPruneKills(): Promise<PruneKills> {
  await using made = new AsyncDisposableStack();
  const house = made.use(await buildHouse());
  const server = made.use(await startS3Server());
  const { port } = new URL(server.endpoint);
  const line = made.use(await startProxy({ port: Number(port), host: "127.0.0.1" }, { protocol: "http" }));
  const bucket = await server.createBucket("holdfast-prunes");
  const folder = mkdtempSync(join(tmpdir(), "holdfast-prunes-"));
  made.defer(() => rmSync(folder, { recursive: true }));
  const stage = { house, server, bucket, line, folder };
  const scenes = await scenesOf(house);
  let turn = 0;
  const owned = made.move();
  const begin = async (step: PruneStep): Promise<{ scene: Scene; needs: PruneNeeds }> => {
    turn += 1;
    const scene = scenes[step];
    return { scene, needs: await lay(stage, scene, `turn-${String(turn)}`) };
  };
  return {
    requestsOf: async (step) => {
      const { needs } = await begin(step);
      let requests = 0;
      const counting = new AbortController();
      const count = async (): Promise<void> => {
        for (; !counting.signal.aborted; requests += 1) await line.hears(request);
      };
      void count();
      const said = await start(stage, needs).ended;
      counting.abort();
      if (said !== "pruned") throw new Error(`over a good line: ${said}`);
      return requests;
    },
    kill: async (step, at) => {
      const { scene, needs } = await begin(step);
      const struck = line.hears(request, at).then(() => true);
      line.meets(request, { kind: "breaks", how: "silence" }, { skip: at, times: Infinity });
      const victim = start(stage, needs);
      const isStruck = await Promise.race([struck, victim.ended.then(() => false)]);
      victim.kill();
      await victim.ended;
      line.heals();
      const wrong = await brokenIn(stage, scene, needs);
      const said = await start(stage, needs).ended;
      if (said !== "pruned") wrong.push(`the next one: ${said}`);
      wrong.push(...(await brokenIn(stage, scene, needs)).map((one) => `again: ${one}`));
      return {
        struck: isStruck,
        wrong: wrong.map((one) => `a prune that ${step}, killed at request ${String(at)}: ${one}`),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Three days of backups, of which the newest is kept: not touched yet, and condemned a grace time ago. */
async function scenesOf(house: House): Promise<Readonly<Record<PruneStep, Scene>>> {
  const [near, far] = [memoryStore("near", house.clock), memoryStore("far", house.clock)];
  await described(house, near, far);
  const days = [1, 2, 3].map((seed) => ({ fixed: rows(71, 300_000), moving: rows(80 + seed, 300_000) }));
  const newest = (await daysOfBackups(house, [near, far], days)).at(-1) ?? "";
  pass(house.clock, 60_000);
  const sceneOf = (): Scene => ({ near: near.copy(), far: far.copy(), now: house.clock.now(), newest });
  const condemns = sceneOf();
  const terms = {
    places: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
    timeZone: "UTC",
    everyCopyWithinMs: dayMs,
  };
  await pruneNow(house, [near, far], { terms });
  pass(house.clock, graceMs + 60_000);
  return { condemns, removes: sceneOf() };
}

/** Lays the scene out in a folder and a bucket of its own. */
async function lay(
  { house, server, bucket, line, folder }: Stage,
  scene: Scene,
  prefix: string,
): Promise<PruneNeeds> {
  const near = join(folder, prefix);
  for (const key of scene.near.keys()) {
    mkdirSync(join(near, dirname(key)), { recursive: true });
    writeFileSync(join(near, key), scene.near.bodyOf(key));
  }
  await Promise.all(
    scene.far.keys().map((key) => server.put(bucket, `${prefix}/${key}`, scene.far.bodyOf(key))),
  );
  const { region, accessKeyId, secretAccessKey } = server;
  const endpoint = `http://${line.host}:${String(line.port)}`;
  return {
    tenant: house.tenant,
    now: scene.now.toISOString(),
    privateJwk: house.privateJwk,
    publicJwk: house.publicJwk,
    near,
    far: { bucket, prefix, region, endpoint, accessKeyId, secretAccessKey },
  };
}

interface Pruning {
  /** What it said, or how it ended. */
  readonly ended: Promise<string>;
  kill(): void;
}

function start({ folder }: Stage, needs: PruneNeeds): Pruning {
  const file = join(folder, `${needs.far.prefix}.json`);
  writeFileSync(file, JSON.stringify(needs), { mode: 0o600 });
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (said += part));
  return { ended: once(child, "close").then(() => said), kill: () => void child.kill("SIGKILL") };
}

async function brokenIn(
  { house, server, bucket }: Stage,
  scene: Scene,
  needs: PruneNeeds,
): Promise<string[]> {
  const stores: Stores = {
    near: folderBodies(needs.near),
    far: await bucketBodies(server, bucket, needs.far.prefix),
  };
  const before = { near: scene.near, far: scene.far };
  const holders = holdersOf(scene.newest, stores);
  return [
    ...Object.values(stores).flatMap((store) => unopened(store, house.tenant, house.identity)),
    ...brokenBy({ stores, publicJwk: house.publicJwk, before }),
    ...(holders.length === 2 ? [] : [`the backup that is kept is whole in ${holders.join()} alone`]),
  ];
}
