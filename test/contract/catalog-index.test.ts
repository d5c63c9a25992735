/** The catalog's index says of any stores what a reading of their whole contents says, and keeps what it was not told about. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Catalog, IndexedBackup, IndexedCopy, TenantTerms } from "../../src/catalog/catalog.ts";
import { breaches } from "../../src/model/health.ts";
import type { CopyState } from "../../src/model/choose.ts";
import { backupKinds, type Verdict } from "../../src/model/glossary.ts";
import { type BackupId, backupId, type StoreName, storeName, tenantId } from "../../src/model/ids.ts";
import { healthOf } from "../../src/repository/health.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { fillFleet, fleetTerms } from "../support/fleet-index.ts";
import { psql, testWait } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";

const wait = testWait();
const hourMs = 3_600_000;
const acme = tenantId.parse("acme");
const bravo = tenantId.parse("bravo");
const one = storeName.parse("one");
const two = storeName.parse("two");
const stores = [one, two, storeName.parse("three")];
let server: CatalogServer;
let catalog: Catalog;

beforeAll(async () => {
  server = await startCatalogServer();
  catalog = await connectTo(await server.fresh());
});
afterAll(async () => {
  await catalog[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const terms: TenantTerms = {
  tenant: acme,
  quorum: 1,
  copiesRequired: 2,
  stores: [one, two],
  expectedIntervalMs: 24 * hourMs,
  recoveryPointMs: 24 * hourMs,
  recoveryTimeMs: hourMs,
  proveWithinMs: 7 * hourMs,
  proveAgainMs: null,
  scrubWithinMs: 30 * 24 * hourMs,
};

/** One instant for all, so that what is made twice is equal. */
const startedAt = Math.floor(Date.now() / 60_000) * 60_000;
const hoursAgo = (hours: number): Date => new Date(startedAt - hours * hourMs);

/** Taken so many hours ago and finished half an hour later. */
function backupOf(hours: number, copies: readonly IndexedCopy[]): IndexedBackup {
  const at = hoursAgo(hours);
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return {
    backup: backupId.parse(`${stamp}-aaaaaa`),
    kind: "daily",
    at,
    finishedAt: new Date(at.getTime() + hourMs / 2),
    plainBytes: 5_000_000_000,
    sealedBytes: 2_500_000_000,
    suspect: false,
    copies,
  };
}

const present = (store: StoreName, proof: IndexedCopy["proof"] = null): IndexedCopy => ({
  store,
  state: "present",
  proof,
});

async function freshIndex(of: readonly TenantTerms[]): Promise<Catalog["index"]> {
  await catalog.index.clear(wait);
  await catalog.index.setTenants([], wait);
  await catalog.index.setTenants(of, wait);
  return catalog.index;
}

interface DrawnCopy {
  readonly state: IndexedCopy["state"];
  readonly verdict: Verdict | null;
  readonly provedHours: number;
}

describe("kinds that are expected by themselves", () => {
  const dayMs = 24 * hourMs;
  const weekMs = 7 * dayMs;
  const lateFrom = async (index: Catalog["index"]): Promise<Readonly<Record<string, number>>> => {
    const [health] = await index.health(wait);
    return Object.fromEntries(Array.from(health?.lateFrom ?? [], ([kind, at]) => [kind, at.getTime()]));
  };
  const late = (since: Date, intervalMs: number): number => since.getTime() + 1.25 * intervalMs;

  it("wait since their own newest success, also when retention has removed it", async () => {
    const index = await freshIndex([{ ...terms, expectedKinds: { daily: dayMs, weekly: weekMs } }]);
    // As of a catalog that has known the tenant for long.
    await psql(
      server.server,
      catalog.connection.database ?? "",
      "update holdfast.kind_since set since = now() - interval '90 d'",
    );
    const daily = backupOf(2, [present(one), present(two)]);
    const weekly: IndexedBackup = { ...backupOf(300, [present(one), present(two)]), kind: "weekly" };
    await index.refresh(acme, { backups: [daily, weekly], asked: [one, two], at: new Date() }, wait);
    const expected = { daily: late(daily.at, dayMs), weekly: late(weekly.at, weekMs) };
    expect(await lateFrom(index)).toEqual(expected);
    await index.refresh(acme, { backups: [daily], asked: [one, two], at: new Date() }, wait);
    expect(await lateFrom(index)).toEqual(expected);
    const [health] = await index.health(wait);
    expect(health === undefined ? [] : breaches(health, hoursAgo(-1))).toContain("backup-late");
  });

  it("wait from when the terms first ask for them, and are forgotten when they ask no more", async () => {
    const index = await freshIndex([terms]);
    expect(await lateFrom(index)).toEqual({});
    await index.setTenants([{ ...terms, expectedKinds: { custom: hourMs } }], wait);
    const { custom = 0 } = await lateFrom(index);
    expect(Math.abs(custom - Date.now() - 1.25 * hourMs)).toBeLessThan(60_000);
    await index.setTenants([terms], wait);
    expect(await lateFrom(index)).toEqual({});
  });
});

describe("the index against the whole truth", () => {
  const states = ["present", "present", "missing", "damaged"] as const;
  const verdicts = ["proven", "refuted", "inconclusive"] as const;
  const copy = fc.record({
    state: fc.constantFrom(...states),
    verdict: fc.option(fc.constantFrom(...verdicts)),
    provedHours: fc.integer({ min: 0, max: 400 }),
  });
  const kept = fc.record({ kind: fc.constantFrom(...backupKinds), suspect: fc.boolean() });
  const look = fc.record({
    asked: fc.subarray(stores, { minLength: 1 }),
    found: fc.array(fc.option(fc.tuple(copy, copy, copy)), { minLength: 5, maxLength: 5 }),
  });
  const plan = fc.record({
    quorum: fc.integer({ min: 1, max: 3 }),
    stores: fc.subarray(stores, { minLength: 1 }),
    proveAgainMs: fc.option(fc.integer({ min: 1, max: 50 }).map((hours) => hours * hourMs)),
  });

  it("tells health, backups and waits as a reading of all copies does, after any looks at any stores", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(kept, { minLength: 5, maxLength: 5 }),
        fc.array(look, { minLength: 1, maxLength: 3 }),
        plan,
        plan,
        async (fixed, looks, before, after) => {
          const index = await freshIndex([{ ...terms, ...before }]);
          const truth = new Map<BackupId, IndexedBackup>();
          for (const { asked, found } of looks) {
            const backups = found.flatMap((copies, number) =>
              copies === null
                ? []
                : [
                    {
                      ...backupOf(10 * (number + 1), copies.map(copyOf)),
                      finishedAt: backupOf(10 * (number + 1), []).at,
                      ...fixed[number],
                    },
                  ],
            );
            await index.refresh(acme, { backups, asked, at: new Date() }, wait);
            replace(truth, backups, asked);
          }
          const now = { ...terms, ...after };
          await index.setTenants([now], wait);
          const all = [...truth.values()].toSorted((a, b) => b.at.getTime() - a.at.getTime());
          expect(await index.backups(acme, wait)).toEqual(all);
          const [health] = await index.health(wait);
          expect({ ...health, scrubDueAt: null }).toEqual({
            ...healthOf(all.map(entryOf), now),
            scrubDueAt: null,
          });
          expect(await index.proofsDue(7, wait)).toEqual(waiting(all, now).slice(0, 7));
          expect(await index.lackingCopies(9, wait)).toEqual(
            all.some((backup) => isLacking(backup, now)) ? [acme] : [],
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  function copyOf({ state, verdict, provedHours }: DrawnCopy, number: number): IndexedCopy {
    const store = stores[number] ?? one;
    return { store, state, proof: verdict === null ? null : { verdict, at: hoursAgo(provedHours) } };
  }

  function replace(
    truth: Map<BackupId, IndexedBackup>,
    backups: readonly IndexedBackup[],
    asked: readonly StoreName[],
  ): void {
    for (const old of truth.values())
      truth.set(old.backup, { ...old, copies: old.copies.filter(({ store }) => !asked.includes(store)) });
    for (const fresh of backups) {
      const unasked = truth.get(fresh.backup)?.copies ?? [];
      const copies = [...unasked, ...fresh.copies.filter(({ store }) => asked.includes(store))];
      truth.set(fresh.backup, {
        ...fresh,
        copies: copies.toSorted((a, b) => (a.store < b.store ? -1 : 1)),
      });
    }
    for (const { backup, copies } of truth.values())
      if (copies.every(({ state }) => state === "missing")) truth.delete(backup);
  }

  function entryOf(backup: IndexedBackup) {
    const copies = backup.copies.map(({ store, state, proof }): [StoreName, CopyState] => [
      store,
      { state, proof: proof === null ? null : { verdict: proof.verdict, at: proof.at.toISOString() } },
    ]);
    return { ...backup, at: backup.at.toISOString(), copies: new Map(copies), record: null };
  }

  function isLacking({ suspect, copies }: IndexedBackup, now: TenantTerms): boolean {
    const asked = copies.filter(({ store }) => now.stores.includes(store));
    const isWhole = asked.some(({ state, proof }) => state === "present" && proof?.verdict !== "refuted");
    return !suspect && isWhole && asked.filter(({ state }) => state !== "missing").length < now.stores.length;
  }

  function waiting(all: readonly IndexedBackup[], now: TenantTerms) {
    const waits = all.flatMap(({ backup, copies, suspect, finishedAt }) =>
      copies.flatMap(({ store, state, proof }) => {
        if (suspect || state !== "present" || !now.stores.includes(store)) return [];
        if (proof?.verdict === "refuted") return [];
        const isProven = proof?.verdict === "proven";
        const limitMs = isProven ? now.proveAgainMs : now.proveWithinMs;
        if (limitMs === null) return [];
        const since = Math.max(isProven ? 0 : finishedAt.getTime(), proof?.at.getTime() ?? 0);
        const from = isProven ? since : finishedAt.getTime();
        const restMs = isProven ? limitMs / 2 : proof === null ? 0 : limitMs / 4;
        if (Date.now() - since < restMs) return [];
        const due = { tenant: acme, backup, store, dueAt: new Date(from + limitMs) };
        return [{ due, ratio: (Date.now() - since) / limitMs, since, limitMs }];
      }),
    );
    const inOrder = waits.toSorted((a, b) => {
      if (a.since === b.since && a.limitMs === b.limitMs) {
        const name = ({ due }: typeof a): string => `${due.backup} ${due.store}`;
        return name(a) < name(b) ? -1 : 1;
      }
      return b.ratio - a.ratio;
    });
    return inOrder.map(({ due }) => due);
  }
});

describe("the index", () => {
  it("counts from when a backup was finished, and lists copies long before they are overdue", async () => {
    const index = await freshIndex([terms]);
    const backup = backupOf(1, [present(one)]);
    await index.refresh(acme, { backups: [backup], asked: [one], at: new Date() }, wait);
    const dueAt = new Date(backup.finishedAt.getTime() + terms.proveWithinMs);
    expect(await index.proofsDue(9, wait)).toEqual([
      { tenant: acme, backup: backup.backup, store: one, dueAt },
    ]);
    expect((await index.health(wait))[0]?.proofDueAt).toEqual(dueAt);
  });

  it("lets a copy of a strict plan go before one that has waited longer under a lax one", async () => {
    const lax = { ...terms, tenant: bravo, proveWithinMs: 100 * hourMs };
    const index = await freshIndex([terms, lax]);
    const old = backupOf(20, [present(one)]);
    const young = backupOf(5, [present(one)]);
    await index.refresh(bravo, { backups: [old], asked: [one], at: new Date() }, wait);
    await index.refresh(acme, { backups: [young], asked: [one], at: new Date() }, wait);
    expect((await index.proofsDue(1, wait)).map(({ tenant }) => tenant)).toEqual([acme]);
    expect((await index.proofsDue(9, wait)).map(({ tenant }) => tenant)).toEqual([acme, bravo]);
  });

  it("lets a copy that was proven, or tried in vain, rest for a part of its limit, and keeps it due", async () => {
    const index = await freshIndex([{ ...terms, proveWithinMs: 40 * hourMs, proveAgainMs: 40 * hourMs }]);
    const tried = (verdict: Verdict, hours: number): IndexedCopy =>
      present(one, { verdict, at: hoursAgo(hours) });
    const at = [90, 80, 70, 60];
    const [rested, resting, old, young] = at.map((hours) => backupOf(hours, []));
    const copies = [
      tried("inconclusive", 11),
      tried("inconclusive", 9),
      tried("proven", 21),
      tried("proven", 19),
    ];
    const backups = at.map((hours, number) => backupOf(hours, copies.slice(number, number + 1)));
    await index.refresh(acme, { backups, asked: [one], at: new Date() }, wait);
    expect((await index.proofsDue(9, wait)).map(({ backup }) => backup)).toEqual([
      old?.backup,
      rested?.backup,
    ]);
    expect(resting?.backup).not.toBe(young?.backup);
    const dueAt = new Date((rested?.finishedAt.getTime() ?? 0) + 40 * hourMs);
    expect((await index.health(wait))[0]?.proofDueAt).toEqual(dueAt);
  });

  it("names a tenant whose older backups lack copies while the newest has them all", async () => {
    const index = await freshIndex([terms, { ...terms, tenant: bravo }]);
    const missing: IndexedCopy = { store: two, state: "missing", proof: null };
    const whole = backupOf(1, [present(one), present(two)]);
    const asked = [one, two];
    await index.refresh(
      acme,
      { backups: [whole, backupOf(9, [present(one), missing])], asked, at: new Date() },
      wait,
    );
    // What no store has whole, nobody can bring back.
    const lost = backupOf(9, [{ store: one, state: "damaged", proof: null }, missing]);
    await index.refresh(bravo, { backups: [whole, lost], asked, at: new Date() }, wait);
    expect(await index.lackingCopies(9, wait)).toEqual([acme]);
    // A store that is new in the plan was never asked.
    await index.setTenants([{ ...terms, tenant: bravo, stores }], wait);
    expect(await index.lackingCopies(9, wait)).toEqual([bravo]);
  });

  it("names a tenant whose copies could not be completed again later, and later each time", async () => {
    const { index, history } = { index: await freshIndex([terms]), history: catalog.history };
    await index.refresh(
      acme,
      { backups: [backupOf(9, [present(one)])], asked: [one, two], at: new Date() },
      wait,
    );
    const tried = async (minutes: number): Promise<void> => {
      const endedAt = new Date(Date.now() - minutes * 60_000);
      const by = { kind: null, host: "one", startedAt: endedAt, endedAt, code: null, facts: {} };
      await history.add({ tenant: acme, verb: "replicate", result: "degraded", ...by }, wait);
    };
    const named = (): Promise<readonly string[]> => index.lackingCopies(9, wait);
    await history.forget(new Date(Date.now() + hourMs), wait);
    await tried(11);
    expect(await named()).toEqual([acme]);
    await tried(9);
    expect(await named()).toEqual([]);
    await history.forget(new Date(), wait);
    for (const minutes of [55, 50, 45]) await tried(minutes);
    expect(await named()).toEqual([acme]);
    await tried(44);
    expect(await named()).toEqual([]);
    await history.forget(new Date(), wait);
  });

  it("takes terms for known only while nobody else has changed them", async () => {
    const address = await server.fresh();
    await using here = await connectTo(address);
    await using there = await connectTo(address);
    const copiesOf = async (of: Catalog): Promise<readonly number[]> =>
      (await of.index.health(wait)).map(({ copiesRequired }) => copiesRequired);
    await here.index.setTenants([terms], wait);
    await here.index.setTenants([terms], wait);
    await there.index.setTenants([{ ...terms, copiesRequired: 3 }], wait);
    expect(await copiesOf(here)).toEqual([3]);
    await here.index.setTenants([terms], wait);
    expect(await copiesOf(here)).toEqual([2]);
    await there.index.setTenants([terms, { ...terms, tenant: bravo }], wait);
    await here.index.setTenants([terms], wait);
    expect(await copiesOf(there)).toEqual([2]);
  });

  it("keeps what is known of tenants that are no more, and asks nothing of them", async () => {
    const index = await freshIndex([terms]);
    const backup = backupOf(50, [present(one), { store: two, state: "missing", proof: null }]);
    await index.refresh(acme, { backups: [backup], asked: stores, at: new Date() }, wait);
    expect(await index.lackingCopies(9, wait)).toEqual([acme]);
    await index.setTenants([], wait);
    expect(await index.health(wait)).toEqual([]);
    expect(await index.proofsDue(9, wait)).toEqual([]);
    expect(await index.scrubsDue(9, wait)).toEqual([]);
    expect(await index.lackingCopies(9, wait)).toEqual([]);
    expect(await index.prunesDue(new Date(), 9, wait)).toEqual([]);
    expect((await index.backups(acme, wait)).map(({ backup: id }) => id)).toEqual([backup.backup]);
    await index.setTenants([terms], wait);
    expect(await index.proofsDue(9, wait)).toHaveLength(1);
  });

  it("does not let a store that shows a record nobody believes discredit what another one holds", async () => {
    const index = await freshIndex([terms]);
    const good = backupOf(9, [present(one), present(two)]);
    await index.refresh(acme, { backups: [good], asked: [one, two], at: new Date() }, wait);
    const forged = {
      ...good,
      suspect: true,
      copies: [{ store: two, state: "damaged", proof: null }],
    } as const;
    await index.refresh(acme, { backups: [forged], asked: [two], at: new Date() }, wait);
    const [health] = await index.health(wait);
    expect(health).toMatchObject({ copies: 1, refutedCopies: 1, lastSuccess: new Map([["daily", good.at]]) });
  });

  it("tells whose index is oldest, those that were never looked at first", async () => {
    const index = await freshIndex([terms, { ...terms, tenant: bravo }]);
    const at = hoursAgo(3);
    await index.refresh(acme, { backups: [], asked: stores, at }, wait);
    expect(await index.stalest(9, wait)).toEqual([
      { tenant: bravo, refreshedAt: null },
      { tenant: acme, refreshedAt: at },
    ]);
    expect(await index.stalest(1, wait)).toHaveLength(1);
  });

  it("tells which stores are to be scrubbed, by the last scrub or the first copy", async () => {
    const lax = { ...terms, tenant: bravo, scrubWithinMs: 1000 * hourMs };
    const index = await freshIndex([{ ...terms, scrubWithinMs: 10 * hourMs }, lax]);
    const found = {
      backups: [
        backupOf(
          40,
          stores.map((store) => present(store)),
        ),
      ],
      asked: stores,
      at: new Date(),
    };
    await index.refresh(acme, found, wait);
    await index.refresh(bravo, found, wait);
    await index.noteScrub(acme, two, hoursAgo(11), wait);
    expect(await index.scrubsDue(9, wait)).toEqual([
      { tenant: acme, store: one },
      { tenant: acme, store: two },
    ]);
    expect((await index.health(wait))[0]?.scrubDueAt).toEqual(
      new Date(backupOf(40, []).finishedAt.getTime() + 10 * hourMs),
    );
    await index.noteScrub(acme, one, new Date(), wait);
    expect(await index.scrubsDue(9, wait)).toEqual([{ tenant: acme, store: two }]);
    // The oldest copy goes and the shelf has still waited since then.
    await index.refresh(bravo, { ...found, backups: [backupOf(1, [present(one)])] }, wait);
    expect((await index.health(wait))[1]?.scrubDueAt?.getTime()).toBe(
      backupOf(40, []).finishedAt.getTime() + lax.scrubWithinMs,
    );
  });

  it("tells whom to prune, and remembers how it ended", async () => {
    const index = await freshIndex([terms, { ...terms, tenant: bravo }]);
    await index.notePrune(acme, hoursAgo(30), "stopped", wait);
    await index.notePrune(bravo, hoursAgo(40), "done", wait);
    expect(await index.prunesDue(hoursAgo(24), 9, wait)).toEqual([bravo, acme]);
    await index.notePrune(bravo, new Date(), "done", wait);
    expect(await index.prunesDue(hoursAgo(24), 9, wait)).toEqual([acme]);
  });
});

describe("what the index noted while the catalog's clock was a year ahead", () => {
  const ahead = hoursAgo(-366 * 24);
  const found = { backups: [backupOf(900, [present(one)])], asked: [one, two], at: hoursAgo(1) };

  it("keeps no scrub, prune, look or replicate waiting for that year", async () => {
    const index = await freshIndex([terms, { ...terms, tenant: bravo }]);
    for (const tenant of [acme, bravo]) await index.refresh(tenant, found, wait);
    await index.noteScrub(acme, one, ahead, wait);
    await index.noteScrub(bravo, one, hoursAgo(1), wait);
    await index.notePrune(acme, ahead, "done", wait);
    await index.notePrune(bravo, hoursAgo(1), "done", wait);
    await index.refresh(acme, { ...found, at: ahead }, wait);
    const by = { kind: null, host: "one", startedAt: ahead, endedAt: ahead, code: null, facts: {} };
    await catalog.history.add({ tenant: acme, verb: "replicate", result: "degraded", ...by }, wait);
    const soon = { ...by, startedAt: new Date(), endedAt: new Date() };
    await catalog.history.add({ tenant: bravo, verb: "replicate", result: "degraded", ...soon }, wait);
    expect(await index.scrubsDue(9, wait)).toEqual([{ tenant: acme, store: one }]);
    expect(await index.prunesDue(hoursAgo(24), 9, wait)).toEqual([acme]);
    expect(await index.stalest(9, wait)).toEqual([
      { tenant: acme, refreshedAt: null },
      { tenant: bravo, refreshedAt: hoursAgo(1) },
    ]);
    expect(await index.lackingCopies(9, wait)).toEqual([acme]);
    await catalog.history.forget(new Date(ahead.getTime() + hourMs), wait);
  });

  it("keeps no damaged copy from being healed", async () => {
    const index = await freshIndex([terms]);
    const broken = { store: two, state: "damaged", proof: null } as const;
    await index.refresh(acme, { ...found, backups: [backupOf(900, [present(one), broken])] }, wait);
    const by = {
      kind: null,
      host: "one",
      startedAt: ahead,
      endedAt: ahead,
      code: null,
      facts: { store: two },
    };
    await catalog.history.add({ tenant: acme, verb: "heal", result: "degraded", ...by }, wait);
    expect(await index.healsDue(9, wait)).toEqual([{ tenant: acme, store: two }]);
    await catalog.history.forget(new Date(ahead.getTime() + hourMs), wait);
  });

  it("excuses no backup that is late", async () => {
    const index = await freshIndex([{ ...terms, expectedKinds: { daily: 24 * hourMs } }]);
    const fromThen = { ...backupOf(-366 * 24, [present(one)]), kind: "daily" as const };
    const real = backupOf(90, [present(one)]);
    await index.refresh(acme, { ...found, backups: [fromThen, real] }, wait);
    await index.refresh(
      acme,
      { ...found, backups: [{ ...fromThen, suspect: true }, real], at: new Date() },
      wait,
    );
    const [health] = await index.health(wait);
    expect(health?.lateFrom?.get("daily")).toEqual(new Date(real.at.getTime() + 1.25 * 24 * hourMs));
  });
});

describe("the index under several hosts", () => {
  it("takes looks, terms and scrubs of the same tenants at once, and stands as they say in the end", async () => {
    const address = await server.fresh();
    const hosts = await Promise.all([1, 2, 3].map(() => connectTo(address)));
    const tenants = ["a", "b", "c"].map((name) => tenantId.parse(name));
    const backups = [5, 15, 25].map((hours) =>
      backupOf(
        hours,
        stores.map((store) => present(store)),
      ),
    );
    const termsOf = (quorum: number): readonly TenantTerms[] =>
      tenants.map((tenant) => ({ ...terms, tenant, quorum, proveWithinMs: quorum * hourMs }));
    for (const quorum of [1, 2, 1, 2])
      await Promise.all(
        hosts.flatMap(({ index }) => [
          index.setTenants(termsOf(quorum).toReversed(), wait),
          ...tenants.flatMap((tenant) => [
            index.refresh(tenant, { backups, asked: stores, at: new Date() }, wait),
            index.noteScrub(tenant, one, new Date(), wait),
          ]),
        ]),
      );
    const health = await hosts[0]?.index.health(wait);
    const dueAt = new Date(backupOf(25, []).finishedAt.getTime() + 2 * hourMs);
    expect(health?.map(({ tenant, copies, proofDueAt }) => ({ tenant, copies, proofDueAt }))).toEqual(
      tenants.map((tenant) => ({ tenant, copies: 2, proofDueAt: dueAt })),
    );
    for (const host of hosts) await host[Symbol.asyncDispose]();
  });
});

describe("the index with many copies in it", () => {
  it("answers every question of the daemon, status and metrics without reading through copies or backups", async () => {
    const address = await server.fresh();
    await (await connectTo(address))[Symbol.asyncDispose]();
    await fillFleet(server.server, address.database, { tenants: 200, copiesEach: 40 });
    {
      await using first = await connectTo(address);
      await first.index.setTenants(fleetTerms(200), wait);
    }
    const ask = async (sql: string): Promise<string> => psql(server.server, address.database, sql);
    const reads = `select sum(seq_scan), sum(idx_scan) from pg_stat_user_tables where relname in ('copy', 'backup')`;
    await ask("vacuum analyze");
    // Sessions tell what they read when they end.
    await until("the sessions before to be gone", async () => (await ask(sessions)) === "0");
    const [throughBefore, byIndexBefore] = (await ask(reads)).split("|").map(Number);
    {
      await using asking = await connectTo(address);
      const { index } = asking;
      expect(await index.health(wait)).toHaveLength(200);
      const due = await index.proofsDue(20, wait);
      expect(due).toHaveLength(20);
      expect(await index.scrubsDue(20, wait)).toHaveLength(20);
      expect(await index.lackingCopies(20, wait)).not.toEqual([]);
      await index.healsDue(20, wait);
      await index.healedUnproven(20, wait);
      expect(await index.stalest(20, wait)).toHaveLength(20);
      expect(await index.prunesDue(new Date(), 20, wait)).toHaveLength(20);
      expect(await index.backups(due[0]?.tenant ?? acme, wait)).toHaveLength(20);
    }
    await until("the session to be gone", async () => (await ask(sessions)) === "0");
    const [through, byIndex] = (await ask(reads)).split("|").map(Number);
    expect(byIndex).toBeGreaterThan(byIndexBefore ?? 0);
    expect(through).toBe(throughBefore);
  });

  const sessions =
    "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'holdfast%'";
});
