/**
 * `npm run bench:objects -- [--objects 1000000] [--case NAME]`: the peak memory of the verbs that look at a whole tenant,
 * where its stores list so many chunks, all of which one backup names. It must stay under 300 MB.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { createZstdCompress } from "node:zlib";
import { Readable } from "node:stream";
import { z } from "zod";
import { ByteRate } from "../src/base/byte-rate.ts";
import { Budget } from "../src/base/limit.ts";
import { createSigner, createTrustRing } from "../src/keys/signing.ts";
import { newSigningKey } from "../src/keys/signing-key.ts";
import { backupId, type ObjectKey, tenantId } from "../src/model/ids.ts";
import {
  condemnedKey,
  descriptorKey,
  inventoryKey,
  keysPrefix,
  manifestKey,
  recordKey,
} from "../src/model/layout.ts";
import type { MendingShelf, ReplicationDesk } from "../src/replication/ground.ts";
import { heal } from "../src/replication/heal.ts";
import { replicate } from "../src/replication/replicate.ts";
import { tenantStates } from "../src/repository/states.ts";
import { prune } from "../src/retention/prune.ts";
import { scrub } from "../src/scrub/scrub.ts";
import { pruneOrder } from "../test/support/prune-order.ts";
import { type Chunks, chunkAt, type Documents, ManyObjectsStore } from "./many-objects-store.ts";

const peakBytesMax = 300_000_000;
const never = { signal: new AbortController().signal };
const tenant = tenantId.parse("acme");
const backup = backupId.parse("20261120T120000Z-aaaaaa");
const at = new Date("2026-11-20T12:00:00.000Z");
const dayMs = 86_400_000;

const { values } = parseArgs({
  options: {
    objects: { type: "string", default: "1000000" },
    case: { type: "string" },
    folder: { type: "string" },
  },
});
const chunks: Chunks = { tenant, count: Number(values.objects) };

const prepared = z.object({
  privateJwk: z.string(),
  publicJwk: z.string(),
  documents: z.record(z.string(), z.string()),
  lists: z.array(z.string()),
});

/** What each case does, over two stores; what it resolves with is told beside the figure. */
const cases: Readonly<Record<string, () => Promise<string>>> = {
  "look at all": async () => {
    const { stores, trust, clock } = await scene({});
    const { backups } = await tenantStates(tenant, { stores, trust, clock }, never);
    return [...(backups[0]?.copies.values() ?? [])].map(({ state }) => state).join();
  },
  scrub: async () => {
    const { stores, trust, clock, signer } = await scene({});
    const [store] = stores;
    const library = { stores, trust, clock };
    const desk = { rate: new ByteRate(() => null), monotonicMs, signer, host: "h" };
    const report = await scrub(
      { tenant, store, library, findingsStores: stores },
      desk,
      () => undefined,
      never,
    );
    return `${String(report.whole)} whole`;
  },
  heal: async () => {
    const { stores, desk } = await scene({});
    const report = await heal(
      { tenant, store: stores[0].name, menders: shelves(stores) },
      desk,
      () => undefined,
      never,
    );
    return `${String(report.unhealed.length)} unhealed`;
  },
  "heal what is all missing": async () => {
    const { stores, desk } = await scene({ secondLacks: "chunks" });
    const report = await heal(
      { tenant, store: stores[1].name, menders: shelves(stores) },
      desk,
      () => undefined,
      never,
    );
    return `${String(report.healed)} healed`;
  },
  "replicate to an empty store": async () => {
    const { stores, desk } = await scene({ secondLacks: "all" });
    const report = await replicate(tenant, shelves(stores), desk, () => undefined, never);
    return report.copies.map(({ result, objects }) => `${result} ${String(objects)}`).join();
  },
  "prune nothing": async () => pruned(await scene({})),
  "prune what is old": async () => pruned(await scene({ unnamed: true })),
  "prune what is young": async () =>
    pruned(await scene({ unnamed: true, chunksAt: new Date(at.getTime() + 3 * dayMs) })),
  "prune what was condemned": async () => pruned(await scene({ unnamed: true, condemned: true })),
};

async function pruned({ stores, trust, clock, signer }: Scene): Promise<string> {
  const report = await prune(
    pruneOrder({ tenant }, stores),
    { trust, clock, signer },
    { isDry: false },
    never,
  );
  const { state, stops, condemned, freed, waiting } = report;
  return `${state} ${stops.map(({ detail }) => detail).join()} condemned ${String(condemned.objects)} freed ${String(freed.objects)} waiting ${String(waiting)}`;
}

function monotonicMs(): number {
  return performance.now();
}

type Scene = Awaited<ReturnType<typeof scene>>;

async function scene(how: {
  readonly secondLacks?: "chunks" | "all";
  readonly unnamed?: boolean;
  readonly condemned?: boolean;
  readonly chunksAt?: Date;
}) {
  const folder = values.folder ?? "";
  const found = prepared.parse(JSON.parse(readFileSync(join(folder, "prepared.json"), "utf8")));
  const signer = await createSigner(found.privateJwk);
  const may = ["record", "proof", "key", "removal"] as const;
  const trust = await createTrustRing([{ jwk: found.publicJwk, may }]);
  const now = new Date(at.getTime() + 3 * dayMs);
  const clock = { now: () => now };
  const documents: Documents = new Map();
  if (how.unnamed !== true) {
    for (const [key, body] of Object.entries(found.documents))
      documents.set(key, () => Buffer.from(body, "base64"));
    documents.set(inventoryKey(tenant, backup), () => readFileSync(join(folder, "inventory.zst")));
  }
  if (how.condemned === true)
    for (const [index, key] of found.lists.entries())
      documents.set(key, () => readFileSync(join(folder, `list-${String(index)}.jws`)));
  const marked = (name: string, from: Documents): Documents => {
    const format = { name: "holdfast-store", version: 1 };
    const descriptor = { format, storeId: name.repeat(16).slice(0, 16), createdAt: at.toISOString() };
    return new Map(from).set(descriptorKey, () => Buffer.from(JSON.stringify(descriptor)));
  };
  const times = { modifiedAt: how.chunksAt ?? at, now: () => now, folder };
  const first = new ManyObjectsStore("a", chunks, true, marked("a", documents), times);
  const ofSecond = how.secondLacks === "all" ? keysOf(documents) : documents;
  const second = new ManyObjectsStore(
    "b",
    chunks,
    how.secondLacks === undefined,
    marked("b", ofSecond),
    times,
  );
  const desk: ReplicationDesk = {
    trust,
    clock,
    monotonicMs,
    signer,
    inFlight: new Budget(128 * 1024 * 1024),
    host: "h",
  };
  return { stores: [first, second] as const, trust, clock, signer, desk };
}

/** Its keys it has: how those come to a store is no question of how many objects there are. */
function keysOf(documents: Documents): Documents {
  return new Map([...documents].filter(([key]) => key.startsWith(keysPrefix(tenant))));
}

function shelves(stores: readonly ManyObjectsStore[]): readonly MendingShelf[] {
  return stores.map((store) => ({ store, lock: null }));
}

/** One record whose inventory names every chunk, and lists that condemn as many as a prune condemns at once. */
async function prepare(folder: string): Promise<void> {
  const keyFiles = await newSigningKey();
  const signer = await createSigner(keyFiles.privateJwk);
  const manifest = Buffer.from("a manifest");
  const keyDocuments = ["1.id.age", "1.identity.age", "1.jws"].map((name) => ({
    key: `tenants/${tenant}/keys/${name}`,
    body: Buffer.from(name),
  }));
  const inventory = await inventoryOf(manifest, keyDocuments);
  await writeFile(join(folder, "inventory.zst"), inventory);
  const record = {
    format: { name: "holdfast-record", version: 1 },
    engine: "postgres-logical",
    tenant,
    backup,
    kind: "manual",
    at: at.toISOString(),
    startedAt: at.toISOString(),
    finishedAt: at.toISOString(),
    keyGeneration: 1,
    manifest: measured(manifest),
    inventory: measured(inventory),
    plainBytes: 1,
    sealedBytes: 1,
    objects: chunks.count + 4,
    counter: 1,
    previous: null,
    host: "h",
  };
  const documents: Record<string, string> = {
    [manifestKey(tenant, backup)]: manifest.toString("base64"),
    [recordKey(tenant, backup)]: Buffer.from(await signer.sign("record", record)).toString("base64"),
  };
  for (const { key, body } of keyDocuments) documents[key] = body.toString("base64");
  const lists: ObjectKey[] = [];
  for (let from = 0, second = 0; from < Math.min(chunks.count, 250_000); from += 30_000, second += 1) {
    const until = Math.min(from + 30_000, chunks.count, 250_000);
    const keys: ObjectKey[] = Array.from(
      { length: until - from },
      (_, one) => chunkAt(chunks, from + one).key,
    );
    const listAt = new Date(at.getTime() + second * 1000);
    const list = {
      format: { name: "holdfast-condemned", version: 1 },
      tenant,
      at: listAt.toISOString(),
      keys,
    };
    await writeFile(join(folder, `list-${String(lists.length)}.jws`), await signer.sign("removal", list));
    lists.push(condemnedKey(tenant, listAt));
  }
  const { privateJwk, publicJwk } = keyFiles;
  await writeFile(join(folder, "prepared.json"), JSON.stringify({ privateJwk, publicJwk, documents, lists }));
}

async function inventoryOf(
  manifest: Buffer,
  keys: readonly { readonly key: string; readonly body: Buffer }[],
): Promise<Buffer> {
  const line = (key: string, body: Buffer): string => `${JSON.stringify({ key, ...measured(body) })}\n`;
  function* lines(): Generator<string> {
    yield `${JSON.stringify({ format: { name: "holdfast-inventory", version: 1 }, tenant, backup })}\n`;
    yield line(manifestKey(tenant, backup), manifest);
    for (let one = 0; one < chunks.count; one += 1) {
      const { key, body } = chunkAt(chunks, one);
      yield line(key, body);
    }
    for (const { key, body } of keys) yield line(key, body);
  }
  const parts: Buffer[] = [];
  for await (const part of Readable.from(lines()).pipe(createZstdCompress())) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function measured(body: Buffer): { bytes: number; sha256: string } {
  return { bytes: body.length, sha256: createHash("sha256").update(body).digest("hex") };
}

async function runCase(name: string): Promise<void> {
  const work = cases[name];
  if (work === undefined) throw new Error(`there is no case ${name}`);
  // As the program does.
  setFlagsFromString("--semi-space-growth-factor=1");
  const startedMs = performance.now();
  const told = await work();
  const peakBytes = peakOf();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  process.stdout.write(`| ${name} | ${String(Math.round(peakBytes / 1e6))} | ${seconds} | ${told} |\n`);
  if (peakBytes > peakBytesMax) process.exitCode = 1;
}

/** Of this process alone; what `getrusage` tells begins with that of whoever started it. */
function peakOf(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

async function runAll(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  try {
    await prepare(folder);
    for (const name of values.case === undefined ? Object.keys(cases) : [values.case]) {
      const args = [
        import.meta.filename,
        "--case",
        name,
        "--objects",
        String(chunks.count),
        "--folder",
        folder,
      ];
      const env = {
        ...process.env,
        MALLOC_ARENA_MAX: "1",
        MALLOC_MMAP_THRESHOLD_: "1048576",
        MALLOC_TRIM_THRESHOLD_: "8388608",
      };
      const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"], env });
      const code = await new Promise((ended) => child.once("exit", ended));
      if (code !== 0) process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (values.case === "prepare") await prepare(values.folder ?? "");
else await (values.folder === undefined || values.case === undefined ? runAll() : runCase(values.case));
