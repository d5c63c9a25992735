/** What would make a backup less than whole is found before it starts, under its own name and code. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Examined } from "../../src/postgres/source/examined.ts";
import { examineSource } from "../../src/postgres/source/examine-source.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { ServerOffers } from "../../src/postgres/server/server-offers.ts";
import { openSnapshot } from "../../src/postgres/source/open-snapshot.ts";
import type { Scope } from "../../src/model/fingerprint.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { snapshotOf } from "../support/read-snapshot.ts";
import { startPooler } from "../support/transaction-pooler.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
const login = { user: "backup", password: "pw" };
const noOffers: ServerOffers = { locales: [], extensions: new Map() };

beforeAll(async () => {
  server = await startTestServer();
  await psql(server, "postgres", "create role backup login password 'pw'; grant pg_read_all_data to backup");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function database(name: string, sql: string, options?: string): Promise<string> {
  await createDatabase(server, name, options);
  await psql(server, name, sql);
  return name;
}

async function examine(url: string, scope: Scope, offers: ServerOffers | null = null): Promise<Examined[]> {
  const options = {
    jobs: 2,
    leaveOutExtensions: [],
    largeObjects: "include",
    binFolders: [],
    offers,
  } as const;
  return examineSource({ url, scope }, options, testWait());
}

async function examined(name: string, found: Promise<Examined[]>): Promise<Examined | undefined> {
  return (await found).find((one) => one.name === name);
}

describe("a source", () => {
  it("that is fit passes every examination", async () => {
    const name = await database("fit", "create table t (a int)");
    const found = await examine(urlOf(server, "postgres", login), { kind: "database", database: name });
    expect(found.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
    expect(found.map((one) => one.name)).toEqual(
      expect.arrayContaining(["connection", "pooler", "version", "rights", "locks", "programs"]),
    );
  });

  it("whose backup role is a superuser is warned of, and can be backed up", async () => {
    const name = await database("mighty", "create table t (a int)");
    const found = await examine(urlOf(server, "postgres"), { kind: "database", database: name });
    expect(found.find((one) => one.name === "role")).toMatchObject({
      outcome: "warned",
      detail: expect.stringMatching(/^the backup role is a superuser/),
    });
    expect(found.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  it("that cannot be reached or entered is told with its code, not thrown", async () => {
    const scope = { kind: "database", database: "nowhere" } as const;
    expect(await examine("postgres://x@127.0.0.1:1/d", scope)).toMatchObject([
      { code: "source/unreachable" },
    ]);
    expect(await examine(urlOf(server, "postgres"), scope)).toMatchObject([{ code: "source/absent" }]);
    expect(await examine(urlOf(server, "postgres", { ...login, password: "no" }), scope)).toMatchObject([
      { code: "source/login" },
    ]);
  });

  it("behind a transaction pooler is refused, be it of one session or of several", async () => {
    const name = await database("pooled", "create table t (a int)");
    for (const backends of [1, 2]) {
      await using pooler = await startPooler(server, name, backends);
      const url = `postgres://x@127.0.0.1:${String(pooler.port)}/${name}?sslmode=disable`;
      const scope = { kind: "database", database: name } as const;
      expect(await examined("pooler", examine(url, scope))).toMatchObject({ code: "source/pooler" });
      const options = {
        jobs: 1,
        leaveOutExtensions: [],
        largeObjects: "include",
        yieldAfterMs: 1000,
        maxAgeMs: 10_000,
        sliceBlocks: 1000,
        binFolders: [],
      } as const;
      await expect(openSnapshot({ url, scope }, options, testWait())).rejects.toMatchObject({
        code: "source/pooler",
      });
    }
  });

  it("with one table that may not be read is refused by the table's name", async () => {
    const name = await database(
      "barred",
      "create table open (a int); create table hidden (a int); alter table hidden enable row level security",
    );
    await expect(snapshotOf(server, name, { login })).rejects.toMatchObject({
      code: "source/permission",
      message: expect.stringContaining("public.hidden (row level security hides rows)"),
    });
    await psql(
      server,
      name,
      "create role poor login password 'pw'; alter table hidden disable row level security",
    );
    await psql(server, name, "grant select on open to poor");
    await expect(snapshotOf(server, name, { login: { user: "poor", password: "pw" } })).rejects.toMatchObject(
      {
        code: "source/permission",
        message: expect.stringContaining("public.hidden (no SELECT)"),
      },
    );
    await expect(
      snapshotOf(server, name, { login }).then((snapshot) => snapshot[Symbol.asyncDispose]()),
    ).resolves.toBeUndefined();
  });

  it("whose lock table is too small says what to raise", async () => {
    await using small = await startTestServer({ max_locks_per_transaction: "10", max_connections: "10" });
    await createDatabase(small, "crowded");
    await psql(small, "crowded", "create table t (a int) partition by list (a)");
    for (let from = 0; from < 600; from += 50) {
      const tables = Array.from(
        { length: 50 },
        (_, index) => `create table t${String(from + index)} (a int);`,
      );
      await psql(small, "crowded", tables.join("\n"));
    }
    await expect(snapshotOf(small, "crowded")).rejects.toMatchObject({
      code: "source/unsupported",
      hint: expect.stringContaining("max_locks_per_transaction"),
    });
  });

  it("in SQL_ASCII with a name that is not UTF-8 is refused by that name", async () => {
    const name = await database("ascii", "select", "template template0 encoding SQL_ASCII locale 'C'");
    await psql(server, name, `do $$ begin execute 'create table "' || chr(233) || 't" (a int)'; end $$`);
    await expect(snapshotOf(server, name)).rejects.toMatchObject({
      code: "source/unsupported",
      message: expect.stringContaining("\\xe9t"),
    });
  });

  it("in SQL_ASCII is refused by a name that came while the stores were evened out", async () => {
    const name = await database("ascii_later", "select", "template template0 encoding SQL_ASCII locale 'C'");
    const ready = Promise.withResolvers<undefined>();
    const taken = snapshotOf(server, name, { ready: ready.promise });
    const end = taken.then(
      () => null,
      (error: unknown) => error,
    );
    const last = `select count(*) from pg_stat_activity where datname = '${name}'
       and application_name = 'holdfast watcher' and state = 'idle' and query ~ 'rolsuper as superuser'`;
    await until("the source was examined", async () => (await psql(server, "postgres", last)) === "1");
    await psql(server, name, `do $$ begin execute 'create type "' || chr(233) || 'f" as (a int)'; end $$`);
    ready.resolve(undefined);
    expect(await end).toMatchObject({
      code: "source/unsupported",
      message: expect.stringContaining("\\xe9f"),
    });
  });

  it("that scratch cannot prove is told before the first backup", async () => {
    const name = await database(
      "unprovable",
      `create extension citext; create schema mine; create table public.theirs (a int primary key);
       create table mine.t (a int references public.theirs)`,
    );
    const url = urlOf(server, "postgres");
    const whole = examine(url, { kind: "database", database: name }, noOffers);
    expect((await examined("proof: extensions", whole))?.detail).toMatch(/citext 1\.\d \(not at all\)/);
    const schemas = examine(url, { kind: "schemas", database: name, schemas: ["mine"] }, noOffers);
    expect((await examined("proof: schemas", schemas))?.detail).toContain("public.theirs");
  });

  it("is told of a schema's triggers, views, defaults and policies that need another schema", async () => {
    const wants: Readonly<Record<string, string>> = {
      trigger: "create trigger t after insert on mine.t for each row execute function public.watch()",
      view: "create view mine.v as select b from public.theirs",
      default: "alter table mine.t alter a set default nextval('public.counter')",
      policy: "create policy p on mine.t using (exists (select from public.theirs where b = a))",
    };
    for (const [want, statement] of Object.entries(wants)) {
      const name = await database(
        `wants_${want}`,
        `create schema mine; create table mine.t (a int); create table public.theirs (b int); create sequence public.counter;
         create function public.watch() returns trigger language plpgsql as 'begin return new; end'; ${statement}`,
      );
      const scope: Scope = { kind: "schemas", database: name, schemas: ["mine"] };
      const found = await examined("proof: schemas", examine(urlOf(server, "postgres"), scope, noOffers));
      const detail: unknown = expect.stringMatching(/public\.(?:watch\(\)|theirs|counter)/);
      expect({ want, found }).toMatchObject({ want, found: { outcome: "warned", detail } });
    }
  });
});
