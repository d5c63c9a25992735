/** `holdfast catalog rebuild` makes again what a lost catalog knew of the stores, from all of them or from the one that is left. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Machine } from "../../src/desk/machine.ts";
import { openCatalog } from "../../src/desk/open-catalog.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import { readDescriptor } from "../../src/stores/describe.ts";
import { writeProof } from "../../src/repository/write-proof.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { type ConfigFolder } from "../support/config-folder.ts";
import { saidHere } from "../support/holdfast-here.ts";
import { testWait } from "../support/postgres-server.ts";
import { type OnlookerHome, onlookerHome, onlookerYaml } from "../support/onlooker-home.ts";
import { buildHouse, type House, rows } from "../support/repository-fixture.ts";

const yaml = onlookerYaml();

const wait = testWait();
const acme = tenantId.parse("acme");
const former = tenantId.parse("former");
let looking: OnlookerHome;
let house: House;
let home: ConfigFolder;
let catalog: Catalog;
const place = (name: string): string => join(home.folder, name);

beforeAll(async () => {
  looking = await onlookerHome(yaml);
  ({ house, home } = looking);
  const { stores } = looking;
  for (const kind of ["daily", "weekly"] as const) {
    const { backup } = await house.backUp(
      kind === "daily" ? stores : stores.slice(0, 1),
      { schema: "create table t ()", "tables-1": rows(1, 3000) },
      { order: { kind } },
    );
    house.clock.advance(2000);
    if (kind === "daily") for (const store of stores) await prove(stores, store, backup);
  }
  await using other = await buildHouse("former");
  other.clock.advance(Date.now() - other.clock.now().getTime());
  await other.backUp(stores.slice(1), { schema: "create table t ()" });
  catalog = await openedCatalog();
}, 60_000);

afterAll(async () => {
  await catalog[Symbol.asyncDispose]();
  await looking[Symbol.asyncDispose]();
});

async function prove(
  stores: readonly WholeStore[],
  store: WholeStore,
  backup: Parameters<House["open"]>[1],
): Promise<void> {
  const copy = await house.open([store], backup);
  const descriptor = await readDescriptor(store, wait);
  await writeProof(
    {
      proof: {
        format: { name: "holdfast-proof", version: 1 },
        tenant: house.tenant,
        backup,
        store: store.name,
        storeId: descriptor?.storeId ?? "",
        record: copy.recordSha256,
        verdict: "proven",
        at: house.clock.now().toISOString(),
        seconds: 1,
        host: "test-host",
        version: "0.1.0",
        checks: [],
        excluded: 0,
        damaged: [],
      },
      detail: { findings: [] },
      recipient: copy.keys.recipient,
      stores,
    },
    { signer: house.signer, sealer: house.workshop.sealer },
    wait,
  );
}

/** Kept open, so that the commands find the embedded server running. */
async function openedCatalog(): Promise<Catalog> {
  const env = {};
  const machine: Machine = {
    clock: systemClock,
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env,
    cwd: home.folder,
    version: "0.0.0",
    packageFolder: home.folder,
    hostName: "test-host",
    uid: process.getuid?.() ?? -1,
  };
  const opened = await openCatalog(await loadConfig(home.path, env), machine, { mode: "start" }, wait);
  if (opened === null) throw new Error("it was to be started");
  return opened;
}

/** Since when a backup is expected is not in the stores: a new catalog expects it from its first day on. */
async function known(): Promise<Readonly<Record<string, unknown>>> {
  const { index } = catalog;
  return {
    health: (await index.health(wait)).map(({ lateFrom: _expected, ...found }) => found),
    acme: await index.backups(acme, wait),
    former: await index.backups(former, wait),
    proofs: await index.proofsDue(99, wait),
  };
}

async function rebuild(
  ...args: readonly string[]
): Promise<{ exit: number; result: unknown; stderr: string }> {
  const { exit, stdout, stderr } = await saidHere(["catalog", "rebuild", "--json", ...args], {}, home.folder);
  return { exit, result: JSON.parse(stdout), stderr };
}

describe("catalog rebuild", () => {
  it("finds again all that the catalog knew before it was dropped, of tenants that only stores know too", async () => {
    const all = { tenants: 2, backups: 3, copies: 4, stores: ["one", "two"], problems: [] };
    expect(await rebuild()).toMatchObject({ exit: 0, result: all });
    const before = await known();
    expect(before).toMatchObject({
      health: [
        {
          tenant: acme,
          copies: 1,
          proofs: new Map([
            ["one", expect.any(Date)],
            ["two", expect.any(Date)],
          ]),
        },
      ],
      former: [{ copies: [{ store: "one", state: "missing" }, { store: "two" }] }],
      proofs: [{ tenant: acme, store: "one" }],
    });
    const client = new Client(catalog.connection);
    await client.connect();
    await client.query("drop schema holdfast cascade");
    await client.end();
    expect(await rebuild()).toMatchObject({ exit: 0, result: all });
    expect(await known()).toEqual(before);
  });

  it("finds what the one store that is left holds, proofs with it, and leaves policy and history alone", async () => {
    const { choices, index } = catalog;
    await choices.set(acme, { kind: "every", everyMs: 7_200_000 }, wait);
    await index.noteScrub(acme, storeName.parse("one"), new Date(), wait);
    const before = await index.backups(acme, wait);
    await rename(place("two"), place("two-away"));
    try {
      const left = { tenants: 1, backups: 2, copies: 2, stores: ["one"], problems: [] };
      expect(await rebuild("--store", "one")).toMatchObject({ exit: 0, result: left });
      expect(await index.backups(acme, wait)).toEqual(
        before.map((backup) => ({
          ...backup,
          copies: backup.copies.filter(({ store }) => store === "one"),
        })),
      );
      expect(await choices.of(acme, wait)).toEqual({ kind: "every", everyMs: 7_200_000 });
      expect(await index.scrubsDue(9, wait)).toEqual([]);
      const degraded = await rebuild();
      expect(degraded).toMatchObject({ exit: 4, result: { stores: ["one"], problems: [{ store: "two" }] } });
      expect(degraded.stderr).toContain("warning: two: ");
    } finally {
      await rename(place("two-away"), place("two"));
    }
  });

  it("changes nothing when no store answers, and refuses a store that is none", async () => {
    const before = await known();
    await rename(place("one"), place("one-away"));
    try {
      expect(await rebuild("--store", "one")).toMatchObject({
        exit: 1,
        result: { error: { code: "store/quorum" } },
      });
    } finally {
      await rename(place("one-away"), place("one"));
    }
    expect(await rebuild("--store", "three")).toMatchObject({
      exit: 2,
      result: { error: { code: "usage/invalid" } },
    });
    expect(await known()).toEqual(before);
  });
});
