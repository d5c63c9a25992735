/** The catalog keeps what it promises on a real server: policy, slots, history and claims, through restarts and races. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEntry } from "../../src/catalog/catalog.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import type { Slot } from "../../src/model/schedule.ts";
import { type CatalogServer, connectTo, startCatalogServer } from "../support/catalog-server.ts";
import { psql, testWait } from "../support/postgres-server.ts";
import { startPooler } from "../support/transaction-pooler.ts";

const wait = testWait();
const acme = tenantId.parse("acme");
const bravo = tenantId.parse("bravo");
let catalogs: CatalogServer;

beforeAll(async () => {
  catalogs = await startCatalogServer();
});
afterAll(async () => {
  await catalogs[Symbol.asyncDispose]();
});

function slotAt(hour: number, of = acme): Slot {
  const at = new Date(Date.UTC(2026, 10, 21, hour)).toISOString();
  return { tenant: of, kind: "daily", key: `${of} daily ${at}`, at };
}

describe("migrations", () => {
  it("begin from nothing, and find nothing to do the second time", async () => {
    const address = await catalogs.fresh();
    await using first = await connectTo(address);
    await first.choices.set(acme, { kind: "every", everyMs: 3_600_000 }, wait);
    await using again = await connectTo(address);
    expect(await again.choices.of(acme, wait)).toEqual({ kind: "every", everyMs: 3_600_000 });
  });

  it("are done once when several start at the same moment", async () => {
    const address = await catalogs.fresh();
    const opened = await Promise.all([1, 2, 3, 4].map(() => connectTo(address)));
    expect(await psql(catalogs.server, address.database, "select name from holdfast.migration")).toBe(
      "0001-catalog",
    );
    for (const one of opened) await one[Symbol.asyncDispose]();
  });

  it("of a newer Holdfast are left alone", async () => {
    const address = await catalogs.fresh();
    await (await connectTo(address))[Symbol.asyncDispose]();
    await psql(
      catalogs.server,
      address.database,
      "insert into holdfast.migration (name, timestamp) values ('9999-later', '')",
    );
    await expect(connectTo(address)).rejects.toMatchObject({ code: "catalog/newer" });
  });
});

describe("choices", () => {
  it("are replaced, listed and taken back", async () => {
    await using catalog = await connectTo(await catalogs.fresh());
    const { choices } = catalog;
    expect(await choices.of(acme, wait)).toBeNull();
    await choices.set(acme, { kind: "every", everyMs: 60_000 }, wait);
    await choices.set(acme, { kind: "at", times: ["01:30"] }, wait);
    await choices.set(bravo, { kind: "every", everyMs: 60_000 }, wait);
    expect(await choices.all(wait)).toEqual(
      new Map([
        [acme, { kind: "at", times: ["01:30"] }],
        [bravo, { kind: "every", everyMs: 60_000 }],
      ]),
    );
    await choices.set(acme, null, wait);
    expect(await choices.of(acme, wait)).toBeNull();
  });
});

describe("rows that cannot be read", () => {
  it("of one tenant stop the schedule of no other, and are told", async () => {
    const address = await catalogs.fresh();
    await using catalog = await connectTo(address);
    const everyMinute = { kind: "every", everyMs: 60_000 } as const;
    await catalog.choices.set(bravo, everyMinute, wait);
    await catalog.slots.handOut([slotAt(1, bravo)], new Date(), () => Promise.resolve(), wait);
    await psql(
      catalogs.server,
      address.database,
      `insert into holdfast.choice values ('acme', '{"kind":"moonlight"}');
       insert into holdfast.newest_slot values ('acme', 'lunar', 'acme lunar', now())`,
    );
    const told: string[] = [];
    const all = await catalog.choices.all(wait, (tenant) => void told.push(tenant));
    expect(all).toEqual(new Map([[bravo, everyMinute]]));
    expect(told).toEqual(["acme"]);
    expect(await catalog.slots.newest(wait)).toEqual([slotAt(1, bravo)]);
  });
});

describe("slots", () => {
  it("are each handed out once to several connections that all see them", async () => {
    const address = await catalogs.fresh();
    const hosts = await Promise.all([1, 2, 3, 4].map(() => connectTo(address)));
    const slots = Array.from({ length: 20 }, (_, hour) => slotAt(hour));
    const rounds = hosts.flatMap(({ slots: of }) =>
      [5, 10, 15, 20].map((many) =>
        of.handOut(slots.slice(0, many), new Date(), async () => undefined, wait),
      ),
    );
    const handed = (await Promise.all(rounds)).flat().map(({ key }) => key);
    expect(handed.toSorted()).toEqual(slots.map(({ key }) => key).toSorted());
    for (const host of hosts) await host[Symbol.asyncDispose]();
  });

  it("are handed out in the transaction that enqueues them, or not at all", async () => {
    const address = await catalogs.fresh();
    await using catalog = await connectTo(address);
    const { slots } = catalog;
    await psql(catalogs.server, address.database, "create table public.job (key text)");
    expect(await slots.watermark(wait)).toBeNull();
    const upTo = new Date("2026-11-21T05:00:00.000Z");
    const enqueue = async (text: string, fails: boolean): Promise<readonly Slot[]> =>
      slots.handOut(
        [slotAt(4)],
        upTo,
        async (fresh, sql) => {
          const { rows } = await sql.executeSql("insert into public.job values ($1) returning key", [text]);
          expect(rows).toEqual([{ key: text }]);
          expect(fresh).toEqual([slotAt(4)]);
          if (fails) throw new Error("the queue is broken");
        },
        wait,
      );
    await expect(enqueue("lost", true)).rejects.toThrow("the queue is broken");
    expect(await slots.watermark(wait)).toBeNull();
    expect(await enqueue("kept", false)).toEqual([slotAt(4)]);
    expect(await slots.watermark(wait)).toEqual(upTo);
    expect(await psql(catalogs.server, address.database, "select key from public.job")).toBe("kept");
  });

  it("stay handed out when the watermark is pulled back, and the newest of each tenant and kind is known", async () => {
    await using catalog = await connectTo(await catalogs.fresh());
    const { slots } = catalog;
    const given = async (some: readonly Slot[], upTo: string): Promise<readonly Slot[]> =>
      slots.handOut(some, new Date(upTo), async () => undefined, wait);
    await given([slotAt(3), slotAt(2), slotAt(1, bravo)], "2026-11-21T04:00:00.000Z");
    expect(await given([slotAt(3), slotAt(1)], "2026-11-21T01:00:00.000Z")).toEqual([slotAt(1)]);
    expect(await slots.watermark(wait)).toEqual(new Date("2026-11-21T01:00:00.000Z"));
    // Far ahead, so that all these slots are forgotten.
    await given([], "2027-11-21T01:00:00.000Z");
    expect(await slots.newest(wait)).toEqual(expect.arrayContaining([slotAt(3), slotAt(1, bravo)]));
    expect(await given([slotAt(1)], "2027-11-21T01:00:00.000Z")).toEqual([slotAt(1)]);
    expect(await slots.newest(wait)).toHaveLength(2);
  });
});

describe("history", () => {
  const entry = (hour: number, tenant: typeof acme | null): RunEntry => ({
    tenant,
    verb: "backup",
    kind: "daily",
    host: "one",
    startedAt: new Date(Date.UTC(2026, 10, 21, hour)),
    endedAt: new Date(Date.UTC(2026, 10, 21, hour, 5)),
    result: "done",
    code: null,
    facts: { bytes: 5_000_000_000, backup: "20261121T013000Z-k7f3qa", none: null },
  });

  it("is told newest first, of all or of one tenant, and forgotten by its end", async () => {
    await using catalog = await connectTo(await catalogs.fresh());
    const { history } = catalog;
    for (const one of [entry(1, acme), entry(3, null), entry(2, bravo)]) await history.add(one, wait);
    expect(await history.recent({ limit: 2 }, wait)).toEqual([entry(3, null), entry(2, bravo)]);
    expect(await history.recent({ tenant: acme, limit: 9 }, wait)).toEqual([entry(1, acme)]);
    expect(await history.forget(entry(3, null).endedAt, wait)).toBe(2);
    expect(await history.recent({ limit: 9 }, wait)).toEqual([entry(3, null)]);
  });
});

describe("claims", () => {
  const write = { kind: "tenant-write", tenant: acme } as const;
  const read = { kind: "tenant-read", tenant: acme, store: storeName.parse("one") } as const;

  it("exclude another host and another claimant of the same process until they are given back", async () => {
    const address = await catalogs.fresh();
    await using one = await connectTo(address);
    await using other = await connectTo(address);
    const held = await one.claims.tryTake(write, wait);
    expect(held).not.toBeNull();
    expect(await one.claims.tryTake(write, wait)).toBeNull();
    expect(await other.claims.tryTake(write, wait)).toBeNull();
    await using reading = await other.claims.tryTake(read, wait);
    expect(reading).not.toBeNull();
    await held?.[Symbol.asyncDispose]();
    await using taken = await other.claims.tryTake(write, wait);
    expect(taken).not.toBeNull();
  });

  it("are granted once to many who ask at the same moment", async () => {
    const address = await catalogs.fresh();
    await using one = await connectTo(address);
    await using other = await connectTo(address);
    const asked = await Promise.all(
      [one, other, one, other].map(({ claims }) => claims.tryTake(write, wait)),
    );
    expect(asked.filter((claim) => claim !== null)).toHaveLength(1);
  });

  it("give out the places of a source one by one", async () => {
    const address = await catalogs.fresh();
    await using one = await connectTo(address);
    await using other = await connectTo(address);
    const place = { kind: "source", source: "erp", places: 2 } as const;
    const first = await one.claims.tryTake(place, wait);
    expect(await other.claims.tryTake(place, wait)).not.toBeNull();
    expect(await one.claims.tryTake(place, wait)).toBeNull();
    await first?.[Symbol.asyncDispose]();
    expect(await other.claims.tryTake(place, wait)).not.toBeNull();
  });

  it("go with their connection: others may take what a dead holder had, and its own host goes on claiming", async () => {
    const address = await catalogs.fresh();
    await using one = await connectTo(address);
    await using other = await connectTo(address);
    await (await other.claims.tryTake(read, wait))?.[Symbol.asyncDispose]();
    const lost = await one.claims.tryTake(write, wait);
    const admit = (whether: boolean) =>
      psql(
        catalogs.server,
        "postgres",
        `alter database "${address.database}" allow_connections ${String(whether)}`,
      );
    await admit(false);
    await psql(
      catalogs.server,
      "postgres",
      "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'",
    );
    const taken = await other.claims.tryTake(write, wait);
    await admit(true);
    expect(taken).not.toBeNull();
    expect(await one.claims.tryTake(read, wait)).not.toBeNull();
    await lost?.[Symbol.asyncDispose]();
    expect(await one.claims.tryTake(write, wait)).toBeNull();
    await taken?.[Symbol.asyncDispose]();
    expect(await one.claims.tryTake(write, wait)).not.toBeNull();
  });
});

describe("a catalog that loses its connections", () => {
  const cut =
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'holdfast-catalog' and datname = current_database()";

  it("fails what was under way so that it is tried again, and answers the next call", async () => {
    const address = await catalogs.fresh();
    await using catalog = await connectTo(address);
    const broken = catalog.slots.handOut(
      [slotAt(1)],
      new Date(),
      async (_, sql) => {
        await psql(catalogs.server, address.database, cut);
        await sql.executeSql("select 1");
      },
      wait,
    );
    await expect(broken).rejects.toMatchObject({ code: "catalog/unreachable", retryable: true });
    expect(await catalog.slots.watermark(wait)).toBeNull();
    await catalog.now(wait);
    await psql(catalogs.server, address.database, cut);
    expect(await catalog.slots.handOut([slotAt(1)], new Date(), async () => undefined, wait)).toHaveLength(1);
  });

  it("or never had any says so without a value or a secret", async () => {
    const nowhere = {
      host: "/nowhere",
      port: 5432,
      user: "holdfast",
      password: "s3cret",
      database: "catalog",
    };
    await expect(connectTo(nowhere)).rejects.toMatchObject({
      code: "catalog/unreachable",
      message: expect.not.stringContaining("s3cret"),
    });
    const address = await catalogs.fresh();
    await expect(connectTo({ ...address, password: "wrong" })).rejects.toMatchObject({
      code: "catalog/failed",
    });
  });

  it("or whose sessions a pooler lends by the transaction is refused, since claims would be nobody's", async () => {
    const address = await catalogs.fresh();
    for (const backends of [1, 2, 3]) {
      await using pooler = await startPooler(catalogs.server, address.database, backends);
      const pooled = { ...address, host: "127.0.0.1", port: pooler.port, sslmode: "disable" };
      await expect(connectTo(pooled)).rejects.toMatchObject({
        code: "catalog/failed",
        message: expect.stringContaining("pooler"),
        hint: expect.stringContaining("PostgreSQL itself"),
      });
    }
  });

  it("gives up a wait that is over, and closes although a statement of it still runs", async () => {
    const catalog = await connectTo(await catalogs.fresh());
    const cancelling = new AbortController();
    const stuck = catalog.slots.handOut(
      [slotAt(1)],
      new Date(),
      async (_, sql) => {
        queueMicrotask(() => cancelling.abort());
        await sql.executeSql("select pg_sleep(50)");
      },
      { signal: cancelling.signal },
    );
    await expect(stuck).rejects.toMatchObject({ code: "wait/cancelled" });
    await expect(catalog[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});
