import { type Chance, randomBase32 } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { isFailure, reasonOf } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { type ObjectKey, objectKey, type StoreName } from "../model/ids.ts";
import type { AnyStore } from "./around.ts";
import { bucketProbes } from "./examine-bucket.ts";
import { conclude, notRun, type Probe, type ProbeResult } from "./probe.ts";

export interface StoreExamination {
  readonly store: StoreName;
  /** No probe failed; `not-run` ones ask the reader to look. */
  readonly suitable: boolean;
  readonly probes: readonly ProbeResult[];
}

export interface ExamineOptions {
  readonly chance: Chance;
  readonly clock: Clock;
  /** The store is to lock objects: versions and object lock are then required. */
  readonly lock: boolean;
}

const probesPrefix = "holdfast-probe/";
const racers = 4;

/**
 * Probes what a store really does, by writing under `holdfast-probe/<random>/` and nowhere else, and
 * removes what it wrote. A store that cannot be reached, or fails in a way that no probe asks
 * about, makes that probe fail; only the end of the wait is thrown. Give it a store opened with a
 * policy of one attempt: retries would hide what is to be seen.
 */
export async function examineStore(
  store: AnyStore,
  options: ExamineOptions,
  wait: Waiting,
): Promise<StoreExamination> {
  const folder = `${probesPrefix}${randomBase32(options.chance, 16)}`;
  const ground: Ground = { store, folder, options, wait };
  const results: ProbeResult[] = [];
  for (const probe of [...bucketProbes(store, options.lock, wait), ...probesOf(ground)]) {
    stillWaiting(wait);
    const obstacle = obstacleTo(probe, results);
    results.push(obstacle === null ? await conclude(probe, wait) : notRun(probe.name, obstacle));
  }
  return {
    store: store.name,
    suitable: results.every((result) => result.outcome !== "failed"),
    probes: results,
  };
}

/** Why a probe makes no sense after what was found before it. */
function obstacleTo(probe: Probe, before: readonly ProbeResult[]): string | null {
  const failed = (name: string): boolean =>
    before.some((one) => one.name === name && one.outcome === "failed");
  if (probe.writes && failed("default-retention"))
    return "the bucket would lock what this examination writes";
  if (probe.writes && failed("write")) return "nothing could be written";
  return null;
}

interface Ground {
  readonly store: AnyStore;
  readonly folder: string;
  readonly options: ExamineOptions;
  readonly wait: Waiting;
}

function probesOf(ground: Ground): readonly Probe[] {
  const { store, options, wait } = ground;
  const key = keyUnder(ground, "object");
  const body = options.chance(4096);
  return [
    {
      name: "write",
      writes: true,
      run: async () => {
        await store.create(key, body, {}, wait);
        return "an object was created";
      },
    },
    {
      name: "read",
      writes: true,
      run: async () => {
        const same = (await store.read(key, {}, wait)).equals(body);
        return same ? "it reads back as it was written" : { problem: "it reads back with other bytes" };
      },
    },
    {
      name: "range",
      writes: true,
      run: async () => {
        const part = await store.read(key, { range: { from: 1000, to: 3000 } }, wait);
        const same = part.equals(body.subarray(1000, 3000));
        return same ? "a part can be read" : { problem: "a part reads as something else" };
      },
    },
    {
      name: "stat",
      writes: true,
      run: async () => {
        const bytes = (await store.stat(key, wait))?.bytes;
        const absent = await store.stat(keyUnder(ground, "absent"), wait);
        if (bytes !== body.length)
          return { problem: `${String(body.length)} bytes are told as ${String(bytes)}` };
        return absent === null
          ? "sizes and absence are told"
          : { problem: "an absent object is told to be there" };
      },
    },
    { name: "list", writes: true, run: async () => probeList(ground, key, body.length) },
    { name: "create-only", writes: true, run: async () => probeCreateOnly(ground, key, body) },
    { name: "race", writes: true, run: async () => probeRace(ground) },
    { name: "checksum", writes: true, run: async () => probeChecksum(ground) },
    { name: "mend", writes: true, run: async () => probeMend(ground) },
    { name: "clock", writes: false, run: async () => probeClock(ground) },
    { name: "remove", writes: true, run: async () => probeRemove(ground) },
  ];
}

async function probeList(
  { store, folder, wait }: Ground,
  key: ObjectKey,
  bytes: number,
): Promise<string | { problem: string }> {
  for await (const stat of store.list(`${folder}/`, wait)) {
    if (stat.key === key && stat.bytes === bytes) return "a listing shows what was just written";
  }
  return { problem: "a listing does not show what was just written" };
}

async function probeCreateOnly(
  { store, wait }: Ground,
  key: ObjectKey,
  body: Buffer,
): Promise<string | { problem: string }> {
  const refused = await refusal(store.create(key, Buffer.from("overwritten"), {}, wait), "store/exists");
  const kept = (await store.read(key, {}, wait)).equals(body);
  if (!kept) return { problem: "a second write to a key replaced the object" };
  return refused
    ? "a second write to a key is refused"
    : { problem: "a second write to a key is not refused" };
}

async function probeRace(ground: Ground): Promise<string | { problem: string }> {
  const { store, wait } = ground;
  const key = keyUnder(ground, "race");
  const bodies = Array.from({ length: racers }, (_, at) => Buffer.alloc(8192, at));
  const ends = await Promise.allSettled(bodies.map(async (one) => store.create(key, one, {}, wait)));
  const winners = bodies.filter((_, at) => ends[at]?.status === "fulfilled");
  const there = await store.read(key, {}, wait);
  if (winners.length !== 1) {
    return { problem: `of ${String(racers)} writes to one key at once ${String(winners.length)} succeeded` };
  }
  return winners[0]?.equals(there) === true
    ? `of ${String(racers)} writes to one key at once one wins`
    : { problem: "the write that succeeded is not the one that stays" };
}

async function probeChecksum(ground: Ground): Promise<string | { problem: string }> {
  const { store, wait } = ground;
  const key = keyUnder(ground, "checksum");
  const announced = sha256(Buffer.from("announced"));
  const refused = await refusal(
    store.create(key, Buffer.from("altered on the way"), { sha256: announced }, wait),
    "store/corrupt",
  );
  const kept = (await store.stat(key, wait)) !== null;
  if (kept) return { problem: "bytes of another digest than announced are kept" };
  return refused
    ? "bytes of another digest than announced are refused"
    : { problem: "the refusal is not told" };
}

/** A store that lets nobody replace an object holds backups all the same; only what is damaged there stays so. */
async function probeMend(ground: Ground): Promise<string | { problem: string } | { notRun: string }> {
  const { store, wait } = ground;
  const key = keyUnder(ground, "mend");
  const mended = Buffer.from("mended");
  await store.create(key, Buffer.from("damaged"), {}, wait);
  try {
    await store.mend(key, mended, { sha256: sha256(mended) }, wait);
  } catch (error) {
    if (!isFailure(error, "store/refused")) throw error;
    return { notRun: `no object may be replaced here, so that nothing can be healed: ${error.message}` };
  }
  return (await store.read(key, {}, wait)).equals(mended)
    ? "an object that is damaged can be mended"
    : { problem: "a write over an object is taken and not kept" };
}

async function probeClock({ store, options, wait }: Ground): Promise<string | { problem: string }> {
  const skewMs = (await store.clock(wait)).getTime() - options.clock.now().getTime();
  const seconds = `${String(Math.round(Math.abs(skewMs) / 1000))} s ${skewMs < 0 ? "behind" : "ahead of"} this host`;
  return Math.abs(skewMs) <= clockToleranceMs
    ? `the store's clock is ${seconds}`
    : { problem: `the store's clock is ${seconds}` };
}

/** Last of those that write: takes away what they left. */
async function probeRemove({ store, folder, wait }: Ground): Promise<string | { problem: string }> {
  const keys = (await Array.fromAsync(store.list(`${folder}/`, wait))).map((stat) => stat.key);
  for (const key of keys) {
    await store.remove(key, null, wait);
    // What was mended has an older version where those are kept.
    for (const { version } of await store.versions(key, wait)) await store.remove(key, version, wait);
  }
  for await (const left of store.list(`${folder}/`, wait)) return { problem: `${left.key} is still there` };
  for (const key of keys) {
    if ((await store.versions(key, wait)).length > 0)
      return { problem: `a version of ${key} is still there` };
  }
  return `the ${String(keys.length)} objects of this examination were removed`;
}

/** Whether `call` is refused in this way; other failures are thrown. */
async function refusal(call: Promise<void>, code: "store/exists" | "store/corrupt"): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (isFailure(error, code)) return true;
    throw new Error(reasonOf(error), { cause: error });
  }
}

function keyUnder({ folder }: Ground, name: string): ObjectKey {
  return objectKey.parse(`${folder}/${name}`);
}
