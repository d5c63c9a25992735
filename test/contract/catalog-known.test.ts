/** Hosts that know different tenants take none from each other, and who is gone from all of them is told. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Catalog, TenantTerms } from "../../src/catalog/catalog.ts";
import { backupId, storeName, tenantId } from "../../src/model/ids.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { testWait } from "../support/postgres-server.ts";

const wait = testWait();
const hourMs = 3_600_000;
const acme = tenantId.parse("acme");
const bravo = tenantId.parse("bravo");
const one = storeName.parse("one");
const two = storeName.parse("two");
let server: CatalogServer;
let here: Catalog;
let there: Catalog;

beforeAll(async () => {
  server = await startCatalogServer();
  const address = await server.fresh();
  here = await connectTo(address);
  there = await connectTo(address);
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  await there[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function termsOf(tenant: TenantTerms["tenant"]): TenantTerms {
  return {
    tenant,
    quorum: 1,
    copiesRequired: 2,
    stores: [one, two],
    expectedIntervalMs: 24 * hourMs,
    recoveryPointMs: 24 * hourMs,
    recoveryTimeMs: hourMs,
    proveWithinMs: 7 * hourMs,
    proveAgainMs: null,
    scrubWithinMs: hourMs,
  };
}

const both = [termsOf(acme), termsOf(bravo)];
const known = async (): Promise<readonly string[]> =>
  [...(await here.index.known([acme, bravo], wait))].toSorted();
const atOnce = 0;

it("keeps a tenant that one host has and another has not, however often both look", async () => {
  await here.index.setTenants(both, wait, hourMs);
  await there.index.setTenants([termsOf(acme)], wait, hourMs);
  expect(await known()).toEqual(["acme", "bravo"]);
  // Whoever has it takes the mark away, though his own terms are as they were.
  await here.index.setTenants(both, wait, hourMs);
  await there.index.setTenants([termsOf(acme)], wait, hourMs);
  expect(await known()).toEqual(["acme", "bravo"]);
});

it("drops one that nobody has had for long enough, and takes it back when it returns", async () => {
  await there.index.setTenants([termsOf(acme)], wait, atOnce);
  expect(await known()).toEqual(["acme"]);
  await there.index.setTenants(both, wait, atOnce);
  expect(await known()).toEqual(["acme", "bravo"]);
});

it("takes new terms of who cannot know all tenants, and lets the others stay", async () => {
  await here.index.setTenants(both, wait, atOnce);
  await there.index.setTenants([{ ...termsOf(acme), copiesRequired: 3 }], wait, null);
  expect(await known()).toEqual(["acme", "bravo"]);
  const health = await there.index.health(wait);
  expect(health.map(({ tenant, copiesRequired }) => [tenant, copiesRequired])).toEqual([
    ["acme", 3],
    ["bravo", 2],
  ]);
});

it("tells who has backups and is missed, from the first look on", async () => {
  const at = new Date();
  const copies = [one, two].map((store) => ({ store, state: "present", proof: null }) as const);
  for (const tenant of [acme, bravo]) {
    const backup = {
      backup: backupId.parse("20261121T013000Z-aaaaaa"),
      kind: "daily" as const,
      at: new Date(at.getTime() - 5 * hourMs),
      finishedAt: new Date(at.getTime() - 5 * hourMs),
      plainBytes: 1,
      sealedBytes: 1,
      suspect: false,
      copies,
    };
    await here.index.refresh(tenant, { backups: [backup], asked: [one, two], at }, wait);
  }
  await here.index.setTenants(both, wait, hourMs);
  expect(await here.index.gone(wait)).toEqual([]);
  await here.index.setTenants([termsOf(acme)], wait, hourMs);
  expect(await here.index.gone(wait)).toEqual([bravo]);
  await here.index.setTenants([termsOf(acme)], wait, atOnce);
  expect(await here.index.gone(wait)).toEqual([bravo]);
  await here.index.setTenants(both, wait, hourMs);
  expect(await here.index.gone(wait)).toEqual([]);
});

it("leaves out the stores that are down when it says what is due", async () => {
  expect((await here.index.proofsDue(9, wait)).map(({ store }) => store).toSorted()).toEqual([
    "one",
    "one",
    "two",
    "two",
  ]);
  expect((await here.index.proofsDue(9, wait, [one])).map(({ store }) => store)).toEqual(["two", "two"]);
  expect((await here.index.scrubsDue(9, wait, [two])).map(({ store }) => store)).toEqual(["one", "one"]);
});

it("lets no look that began earlier and ended later undo what a newer one found", async () => {
  const began = await here.now(wait);
  const [known] = await here.index.backups(acme, wait);
  if (known === undefined) throw new Error("nothing is indexed");
  const newer = { backups: [known], asked: [one, two], at: new Date(began.getTime() + 1) };
  await here.index.refresh(acme, newer, wait);
  await there.index.refresh(acme, { backups: [], asked: [one, two], at: began }, wait);
  expect(await here.index.backups(acme, wait)).toHaveLength(1);
  const later = { backups: [], asked: [one, two], at: new Date(began.getTime() + 2) };
  await there.index.refresh(acme, later, wait);
  expect(await here.index.backups(acme, wait)).toEqual([]);
});
