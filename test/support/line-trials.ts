/**
 * Each verb that works on stores, run over a line to a real S3 server that goes wrong at one of its
 * requests: what became of it, what it left in the stores, and whether it can be done afterwards.
 */
import { Failure, reasonOf } from "../../src/base/failure.ts";
import { isDamage } from "../../src/repository/damage.ts";
import { graceMs } from "../../src/repository/commit.ts";
import { type BackupId, type ObjectKey, objectKey, storeName } from "../../src/model/ids.ts";
import { retrying } from "../../src/stores/retrying.ts";
import { s3Store } from "../../src/stores/s3.ts";
import type { S3Limits } from "../../src/stores/s3-client.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { bucketBodies } from "./bucket-bodies.ts";
import { brokenBy, holdersOf } from "./check-promises.ts";
import { memoryStore, type MemoryStore } from "./memory-store.ts";
import { breaks, type Fault, opening } from "./proxy-fault.ts";
import { dated } from "./dated-store.ts";
import { unopened } from "./open-by-stock-tools.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { healIn, replicateAll, scrubIn } from "./replication-fixture.ts";
import { buildHouse, described, type House, never, noon, readAll, rows } from "./repository-fixture.ts";
import { daysOfBackups, dayMs, pass, pruneNow } from "./retention-fixture.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

export const verbs = ["backup", "read", "replicate", "heal", "scrub", "prune", "remove"] as const;
export type Verb = (typeof verbs)[number];

/** What the line does, by what it is called in the name of a test. */
export const lineFaults: Readonly<Record<string, Fault>> = {
  ...breaks,
  "is reset in the middle of a request": { kind: "saying-breaks", bytes: 500, how: "reset" },
  "is reset when all was done": { kind: "answer-breaks", bytes: 0, how: "reset" },
  "goes silent when all was done": { kind: "answer-breaks", bytes: 0, how: "silence" },
  "is reset in the middle of an answer": { kind: "answer-breaks", bytes: 330, how: "reset" },
  "is closed in the middle of an answer": { kind: "answer-breaks", bytes: 330, how: "end" },
  "ends an answer early and says it is whole": { kind: "answer-ends-early", bytes: 90, framing: "length" },
  "ends an answer early, in chunks": { kind: "answer-ends-early", bytes: 90, framing: "chunked" },
  "ends an answer early, by its end": { kind: "answer-ends-early", bytes: 90, framing: "close" },
  "spoils an answer": { kind: "answer-spoilt" },
  trickles: { kind: "answer-trickles", bytesPerSecond: 30 },
  "is told to slow down": { kind: "refused", status: 503, code: "SlowDown" },
  "meets an error of the server": { kind: "refused", status: 500, code: "InternalError" },
};

/** Those that make requests with bodies throughout, and what a line does to such requests. */
export const storingVerbs = ["backup", "replicate", "heal"] as const satisfies readonly Verb[];
export const bodyFaults: typeof lineFaults = {
  "is reset in the middle of what is sent": { kind: "saying-breaks", bytes: 1200, how: "reset" },
};

/** A request is given so long; the product's own limits are a hundred times as long. */
const hasty: S3Limits = { connectMs: 1000, idleMs: 250, requestMs: 900 };
const patience = { attemptsMax: 3, firstDelayMs: 1, delayMaxMs: 4 };

const terms = {
  places: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: "UTC",
  everyCopyWithinMs: dayMs,
};

/** Where a verb begins: what both stores hold, and when. */
interface Scene {
  readonly near: MemoryStore;
  readonly far: MemoryStore;
  readonly atMs: number;
  readonly backups: readonly BackupId[];
}

export interface Trial {
  /** How it ended: in words, or the code of its failure. */
  readonly ended: string;
  /** How many requests it made until it ended. */
  readonly requests: number;
  /** How many of them met the fault, and for how many it changed anything. */
  readonly met: number;
  readonly tookEffect: number;
  /** What must not be, in words. */
  readonly wrong: readonly string[];
}

export interface LineTrials extends AsyncDisposable {
  /** How many requests the verb makes over a good line. */
  requestsOf(verb: Verb): Promise<number>;
  /** The verb, with the line going wrong from its `skip`-th request on, `times` times. */
  run(verb: Verb, fault: Fault, when: { readonly skip: number; readonly times: number }): Promise<Trial>;
}

interface Stage {
  readonly house: House;
  readonly server: S3Server;
  readonly bucket: string;
  readonly line: Proxy;
}

export async function openLineTrials(): Promise<LineTrials> {
  const house = await buildHouse();
  const server = await startS3Server();
  const { port } = new URL(server.endpoint);
  const line = await startProxy({ port: Number(port), host: "127.0.0.1" }, { protocol: "http" });
  const bucket = await server.createBucket("holdfast-lines");
  const stage = { house, server, bucket, line };
  const scenes = await scenesOf(house);
  let turn = 0;
  const counted = new Map<Verb, number>();
  const run: LineTrials["run"] = async (verb, fault, when) => {
    turn += 1;
    return trial(stage, scenes[verb], { verb, fault, when, prefix: `turn-${String(turn)}` });
  };
  return {
    requestsOf: async (verb) => {
      const known = counted.get(verb);
      if (known !== undefined) return known;
      const { wrong, requests } = await run(
        verb,
        { kind: "breaks", how: "reset" },
        { skip: Infinity, times: 0 },
      );
      if (wrong.length > 0) throw new Error(`over a good line: ${wrong.join("; ")}`);
      counted.set(verb, requests);
      return requests;
    },
    run,
    [Symbol.asyncDispose]: async () => {
      await line[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

const old = { fixed: rows(71, 300_000), moving: rows(72, 300_000) };
const fresh = { fixed: rows(71, 300_000), moving: rows(73, 300_000) };

async function scenesOf(house: House): Promise<Readonly<Record<Verb, Scene>>> {
  const build = async (
    make: (near: MemoryStore, far: MemoryStore) => Promise<BackupId[]>,
  ): Promise<Scene> => {
    pass(house.clock, noon.getTime() - house.clock.now().getTime());
    const [near, far] = [memoryStore("near", house.clock), memoryStore("far", house.clock)];
    await described(house, near, far);
    const backups = await make(near, far);
    pass(house.clock, 60_000);
    return { near, far, atMs: house.clock.now().getTime(), backups };
  };
  const one = async (near: MemoryStore, far: MemoryStore): Promise<BackupId[]> => {
    const { backup } = await house.backUp([near, far], old);
    pass(house.clock, 60_000);
    return [backup];
  };
  const whole = await build(one);
  const days = (near: MemoryStore, far: MemoryStore): Promise<BackupId[]> =>
    daysOfBackups(house, [near, far], [old, fresh, fresh]);
  return {
    backup: whole,
    read: whole,
    scrub: whole,
    replicate: await build(async (near, far) => {
      const backups = await one(near, far);
      return [...backups, (await house.backUp([near], fresh)).backup];
    }),
    heal: await build(async (near, far) => {
      const backups = await one(near, far);
      const keys = far.keys();
      const chunk = keys.find((key) => key.includes("/chunks/")) ?? "";
      far.overwrite(chunk, Buffer.alloc(far.bodyOf(chunk).length, 7));
      far.lose(keys.find((key) => key.endsWith("manifest.age")) ?? "");
      // No listing shows that bytes were altered: a scrub has told of it.
      await scrubIn(house, far.name, [near, far]);
      return backups;
    }),
    prune: await build(days),
    remove: await build(async (near, far) => {
      const backups = await days(near, far);
      await pruneNow(house, [near, far], { terms });
      pass(house.clock, graceMs);
      return backups;
    }),
  };
}

interface Attempt {
  readonly verb: Verb;
  readonly fault: Fault;
  readonly when: { readonly skip: number; readonly times: number };
  readonly prefix: string;
}

async function trial(stage: Stage, scene: Scene, { verb, fault, when, prefix }: Attempt): Promise<Trial> {
  const { house, server, bucket, line } = stage;
  pass(house.clock, scene.atMs - house.clock.now().getTime());
  const near = scene.near.copy();
  await seed(scene.far, bare(stage, server.endpoint, prefix));
  const endpoint = `http://${line.host}:${String(line.port)}`;
  using far = bare(stage, endpoint, prefix, hasty);
  using calm = bare(stage, endpoint, prefix);
  const told = house.damage.length;
  const said = line.said.length;
  const before = line.faults;
  line.meets(/^(?:GET|PUT|HEAD|DELETE|POST) /, fault, when);
  const wrong: string[] = [];
  const first = await attempt(stage, scene, verb, near, dated(retrying(far, patience), house)).catch(
    (error: unknown) => error,
  );
  line.heals();
  const met = line.faults.met - before.met;
  const tookEffect = line.faults.tookEffect - before.tookEffect;
  const requests = line.said.slice(said).filter((one) => one !== opening).length;
  const ended = first instanceof Failure ? first.code : reasonOf(first);
  const isHonest = first instanceof Failure && first.code !== "internal/bug" && !isDamage(first);
  if (first instanceof Error && !isHonest) wrong.push(`it ended with ${ended}: ${reasonOf(first)}`);
  if (verb !== "heal")
    for (const one of house.damage.slice(told))
      wrong.push(`promise 5: ${one.key} is told to be ${one.reason}`);
  const left = { near, far: await bucketBodies(server, bucket, prefix) };
  const broken = brokenBy({
    stores: left,
    publicJwk: house.publicJwk,
    before: { near: scene.near, far: scene.far },
    counted: countedBy(verb, first),
  });
  // What was damaged in the scene is there until it is healed.
  wrong.push(...broken.filter((one) => verb !== "heal" || !one.includes(" in far: ")));
  // Once the line is good the verb does what it is there for.
  pass(house.clock, 60_000);
  const again = await attempt(stage, scene, verb, near, dated(retrying(calm, patience), house)).catch(
    (error: unknown) => error,
  );
  if (again instanceof Error) wrong.push(`again: ${reasonOf(again)}`);
  const isRemoval = verb === "prune" || verb === "remove";
  if (isRemoval && !String(again).startsWith("pruned ")) wrong.push(`again: ${String(again)}`);
  const stores = { near, far: await bucketBodies(server, bucket, prefix) };
  wrong.push(...brokenBy({ stores, publicJwk: house.publicJwk }).map((one) => `again: ${one}`));
  if (verb === "backup")
    wrong.push(...unopened(stores.far, house.tenant, house.identity).map((one) => `by hand: ${one}`));
  const last = verb === "backup" ? String(again).split(" ")[0] : scene.backups.at(-1);
  const holders = holdersOf(last ?? "", stores);
  if (holders.length !== 2) wrong.push(`again: ${String(last)} is whole in ${holders.join(", ")} alone`);
  return { ended, requests, met, tookEffect, wrong };
}

function countedBy(
  verb: Verb,
  ended: unknown,
): { readonly backups: readonly string[]; readonly quorum: number } {
  if (verb !== "backup" || typeof ended !== "string") return { backups: [], quorum: 1 };
  const [backup = "", state] = ended.split(" ");
  return { backups: [backup], quorum: state === "complete" ? 2 : 1 };
}

/** In words, what it did; what it must not say is thrown. */
async function attempt(
  { house }: Stage,
  scene: Scene,
  verb: Verb,
  near: WholeStore,
  far: WholeStore,
): Promise<string> {
  const stores = [near, far];
  const newest = scene.backups.at(-1);
  switch (verb) {
    case "backup": {
      const done = await house.backUp(stores, fresh, { order: { quorum: 1 } });
      return `${done.backup} ${done.state}`;
    }
    case "read": {
      if (newest === undefined) throw new Error("no backup");
      const copy = await house.open([far], newest);
      const body = await readAll(copy, "moving");
      if (!body.equals(Buffer.from(old.moving))) throw new Error("other bytes were read");
      return "read";
    }
    case "replicate": {
      const { copies, down } = await replicateAll(house, stores);
      const results = copies.map(({ result }) => result);
      if (results.includes("damaged") || results.includes("lost"))
        throw new Error(`told ${results.join(", ")}`);
      return `${results.join(", ")} ${down.map(({ failure }) => failure.code).join(", ")}`;
    }
    case "heal": {
      const report = await healIn(house, storeName.parse("far"), stores);
      return JSON.stringify(report);
    }
    case "scrub": {
      const report = await scrubIn(house, far.name, [near, far]);
      if (report.damaged + report.missing > 0) throw new Error(`told ${JSON.stringify(report)}`);
      return "scrubbed";
    }
    case "prune":
    case "remove": {
      const report = await pruneNow(house, stores, { terms });
      return `${report.state} ${JSON.stringify(report)}`;
    }
  }
}

function bare(
  { server, bucket }: Stage,
  endpoint: string,
  prefix: string,
  limits?: S3Limits,
): ReturnType<typeof s3Store> {
  const { region, accessKeyId, secretAccessKey } = server;
  const name = storeName.parse("far");
  return s3Store({
    name,
    bucket,
    prefix,
    region,
    endpoint,
    pathStyle: true,
    accessKeyId,
    secretAccessKey,
    limits,
  });
}

async function seed(from: MemoryStore, to: WholeStore & Disposable): Promise<void> {
  await Promise.all(
    from.keys().map(async (key: ObjectKey) => to.create(objectKey.parse(key), from.bodyOf(key), {}, never)),
  );
  to[Symbol.dispose]();
}
