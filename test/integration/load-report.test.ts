/**
 * A load accounts for everything: what is wrong with the data, what the machine lacks, what was left
 * out; and what stops it is thrown, with nothing half-loaded left behind.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure, isFailure } from "../../src/base/failure.ts";
import { run } from "../../src/base/program.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { Scope } from "../../src/model/fingerprint.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { forgetLoad } from "../../src/postgres/load/rights/loader-end.ts";
import { notAsked } from "../../src/postgres/load/selection.ts";
import { parseToc } from "../../src/postgres/archive/toc.ts";
import { demandSuitable } from "../../src/restore/demand-suitable.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testMajor, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

type Backup = Awaited<ReturnType<typeof backupOf>>;

const shop = `
  create role keeper login; create role clerk;
  create schema shop authorization keeper;
  grant usage on schema shop to clerk;
  create type shop.state as enum ('new', 'paid');
  create table shop.customer (id int primary key, name text);
  create table shop.bill (id serial primary key, customer int references shop.customer, state shop.state, best int);
  alter table shop.customer add best_bill int references shop.bill deferrable initially deferred;
  alter table shop.customer owner to keeper;
  alter table shop.bill owner to keeper;
  grant select on shop.bill to clerk;
  insert into shop.customer select n, 'customer ' || n from generate_series(1, 50) n;
  insert into shop.bill (customer, state) select 1 + n % 50, 'paid' from generate_series(1, 500) n;
  update shop.customer set best_bill = id;
  create table shop.wide (id int, filler text) with (fillfactor = 70);
  insert into shop.wide select n, repeat('x', (random() * 900)::int) from generate_series(1, 20000) n;
  create view shop.paid as select * from shop.bill where state = 'paid';
`;

describe("a load", () => {
  let source: PrivateServer;
  let scratch: PrivateServer;
  let backup: Backup;
  let database = 0;

  beforeAll(async () => {
    source = await startTestServer();
    scratch = await startScratch();
    await createDatabase(source, "shop");
    await psql(source, "shop", shop);
    backup = await backupOf(source, "shop");
  });

  afterAll(async () => {
    await scratch[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  });

  const fresh = (): { readonly destination: { readonly database: string } } => {
    database += 1;
    return { destination: { database: `d${String(database)}` } };
  };

  it("reads as many entries as pg_restore lists, and the same ones", async () => {
    const archive = backup.streams.get(backup.fingerprint.schema.stream) ?? Buffer.alloc(0);
    const listing = await run(
      { file: join(source.binFolder, "pg_restore"), args: ["-l", "-C"], input: archive },
      testWait(),
    );
    const listed = listing.stdout
      .toString("utf8")
      .split("\n")
      .filter((line) => /^\d+; /.test(line));
    const { entries } = parseToc(archive);
    const ours = entries.filter(({ desc }) => !["ENCODING", "STDSTRINGS", "SEARCHPATH"].includes(desc));
    const named = ours.map((entry) => {
      const { tableOid, oid } = entry.catalogId;
      const owner = entry.owner === "" ? "" : entry.owner;
      const schema = entry.namespace === "" ? "-" : entry.namespace;
      return `${String(entry.dumpId)}; ${String(tableOid)} ${String(oid)} ${entry.desc} ${schema} ${entry.tag} ${owner}`;
    });
    expect(named).toEqual(listed.filter((line) => !/ (ENCODING|STDSTRINGS|SEARCHPATH) /.test(line)));
  });

  it("tells of a tenant's schemas what they lack of others as the machine's, and no more", async () => {
    await createDatabase(source, "shared");
    await psql(
      source,
      "shared",
      `create schema ours; create schema others; create table others.person (id int primary key);
       create function others.watch() returns trigger language plpgsql as 'begin return new; end';
       create function others.plain(text) returns text language sql immutable as 'select $1';
       create function ours.plain(text) returns text language sql immutable as 'select others.plain($1)';
       create table ours.pet (id int primary key, owner int references others.person, name text check (name <> ''));
       create index by_name on ours.pet (ours.plain(name));
       create trigger watch after insert on ours.pet for each row execute function others.watch();
       create view ours.owner as select id from others.person;
       insert into ours.pet values (1, null, 'Rex')`,
    );
    const scope: Scope = { kind: "schemas", database: "shared", schemas: ["ours"] };
    const shared = await backupOf(source, "shared", { scope });
    const { problems } = await loadInto(scratch, memoryImage(shared, 777), fresh());
    expect(problems.map(({ subject, kind }) => `${kind} ${subject}`).toSorted()).toEqual([
      "machine FK CONSTRAINT ours.pet pet_owner_fkey",
      "machine INDEX ours.by_name",
      "machine TRIGGER ours.pet watch",
      "machine VIEW ours.owner",
    ]);
  });

  // PostgreSQL spells the marks of a cycle with a cast that it does not read again.
  it("tells a view that cannot be made by itself, without an owner to be missed", async () => {
    await createDatabase(source, "round");
    await psql(
      source,
      "round",
      `create view walk as with recursive r(n) as (select 1 union all select n + 1 from r where n < 9)
         cycle n set done to 'Y' default 'N' using path select n, done from r`,
    );
    const { problems } = await loadInto(scratch, memoryImage(await backupOf(source, "round"), 777), fresh());
    expect(problems).toMatchObject([{ subject: "VIEW public.walk", kind: "data", sqlState: "42601" }]);
  });

  it("loads everything, in the order of the rows, and says whom it had to invent", async () => {
    await using empty = await startScratch();
    const phases = new Set<string>();
    const report = await loadInto(empty, memoryImage(backup, 777), {
      options: { onProgress: ({ phase }) => phases.add(phase) },
    });
    expect(report.problems).toEqual([]);
    expect(report.entries.every(({ outcome }) => outcome === "applied")).toBe(true);
    expect(report.rows).toBe(20_550);
    expect(report.placeholders).toEqual(expect.arrayContaining(["keeper", "clerk", "postgres"]));
    expect(report.loginsWithoutPassword).toEqual(expect.arrayContaining(["keeper"]));
    expect([...phases]).toEqual(expect.arrayContaining(["schema", "rows", "indexes", "grants"]));
    const order = "select md5(string_agg(id || filler, ',' order by ctid)) from shop.wide";
    expect(await psql(empty, "restored", order)).toBe(await psql(source, "shop", order));
    const rights =
      "select relname, relowner::regrole, relacl from pg_class where relnamespace = 'shop'::regnamespace order by 1";
    expect(await psql(empty, "restored", rights)).toBe(await psql(source, "shop", rights));
    const owner = "select datname from pg_database where datdba = 'postgres'::regrole";
    expect(await psql(empty, "postgres", owner)).toBe("restored");
  });

  it("calls a row that breaks a constraint a problem of the data", async () => {
    const table = backup.fingerprint.tables.find(({ name }) => name === "customer");
    const slice = table?.slices[0];
    expect(slice).toBeDefined();
    const streams = new Map(backup.streams);
    const bytes = Buffer.from(streams.get(slice?.stream ?? "") ?? []);
    bytes.write("2\t", bytes.indexOf("1\tcustomer 1\t", slice?.offset));
    streams.set(slice?.stream ?? "", bytes);
    const report = await loadInto(scratch, memoryImage({ ...backup, streams }), fresh());
    const failed = report.entries.find(({ subject }) => subject === "CONSTRAINT shop.customer customer_pkey");
    expect(failed?.outcome).toBe("failed");
    expect(report.problems).toContainEqual(expect.objectContaining({ sqlState: "23505", kind: "data" }));
  });

  it("calls an extension and a locale that are missing here problems of the machine", async () => {
    const extension = { name: "aws_s3", version: "1.1", schema: "public", leftOut: false };
    const extensions = [...backup.fingerprint.extensions, extension];
    const lacking = memoryImage({ ...backup, fingerprint: { ...backup.fingerprint, extensions } });
    const report = await loadInto(scratch, lacking, fresh());
    expect(report.problems).toEqual([
      expect.objectContaining({ subject: "EXTENSION aws_s3 1.1", kind: "machine" }),
    ]);
    const place = { ...backup.fingerprint.database, collate: "tlh_KL.utf8", ctype: "tlh_KL.utf8" };
    const elsewhere = memoryImage({ ...backup, fingerprint: { ...backup.fingerprint, database: place } });
    const second = await loadInto(scratch, elsewhere, fresh());
    expect(second.problems).toEqual([expect.objectContaining({ kind: "machine", sqlState: "42809" })]);
    expect(second.entries.every(({ outcome }) => outcome === "left-out")).toBe(true);
  });

  it("throws what the image throws, and leaves neither database nor login", async () => {
    const whole = memoryImage(backup);
    const damaged: Image = {
      fingerprint: whole.fingerprint,
      async *read(stream, range, wait) {
        yield* whole.read(stream, range, wait);
        if (stream !== backup.fingerprint.schema.stream)
          throw new Failure("store/corrupt", "object x is damaged");
      },
    };
    const to = fresh();
    await expect(loadInto(scratch, damaged, to)).rejects.toMatchObject({ code: "store/corrupt" });
    const left = `select datname from pg_database where datname = '${to.destination.database}'
      union all select rolname from pg_roles where rolname like 'holdfast%'`;
    expect(await psql(scratch, "postgres", left)).toBe("");
  });

  it("tells a server that was lost from bad data", async () => {
    await using doomed = await startScratch();
    let killed = false;
    const whole = memoryImage(backup);
    const deadly: Image = {
      fingerprint: whole.fingerprint,
      async *read(stream, range, wait) {
        if (stream !== backup.fingerprint.schema.stream && !killed)
          killed = process.kill(doomed.pid, "SIGKILL");
        yield* whole.read(stream, range, wait);
      },
    };
    await expect(loadInto(doomed, deadly)).rejects.toMatchObject({ code: "scratch/lost" });
  });

  it("loads one table with what it needs and names the rest", async () => {
    const tables = [{ schema: "shop", name: "bill" }];
    const to = fresh();
    const report = await loadInto(scratch, memoryImage(backup), { ...to, options: { tables } });
    expect(report.problems).toEqual([]);
    expect(report.rows).toBe(500);
    const { database: name } = to.destination;
    const made =
      "select string_agg(relname, ' ' order by relname) from pg_class where relnamespace = 'shop'::regnamespace";
    expect(await psql(scratch, name, made)).toBe("bill bill_id_seq bill_pkey");
    expect(await psql(scratch, name, "select nextval('shop.bill_id_seq')")).toBe("501");
    const why = report.entries.find(
      ({ subject }) => subject === "FK CONSTRAINT shop.bill bill_customer_fkey",
    );
    expect(why?.reason).toBe("it needs CONSTRAINT shop.customer customer_pkey, which was not asked for");
    expect(report.entries.find(({ subject }) => subject === "VIEW shop.paid")?.reason).toBe(notAsked);
    const leftOut = report.entries
      .filter(({ outcome }) => outcome === "left-out")
      .map(({ subject }) => subject);
    expect(leftOut).toEqual(
      expect.arrayContaining([
        "TABLE shop.customer",
        "FK CONSTRAINT shop.bill bill_customer_fkey",
        "VIEW shop.paid",
      ]),
    );
  });

  it("fills a database that exists, and leaves no login there when it is broken off", async () => {
    await using target = await startTestServer();
    await createDatabase(target, "restored");
    const destination = { side: "target", create: false } as const;
    const whole = memoryImage(backup);
    const damaged: Image = {
      fingerprint: whole.fingerprint,
      async *read(stream, range, wait) {
        if (stream !== backup.fingerprint.schema.stream)
          throw new Failure("store/absent", "object x is missing");
        yield* whole.read(stream, range, wait);
      },
    };
    await expect(loadInto(target, damaged, { destination })).rejects.toMatchObject({ code: "store/absent" });
    const logins = "select rolname from pg_roles where rolname like 'holdfast%'";
    expect(await psql(target, "postgres", logins)).toBe("");
    await psql(target, "postgres", "drop database restored");
    await createDatabase(target, "restored");
    const report = await loadInto(target, whole, { destination });
    expect(report.problems).toEqual([]);
    expect(await psql(target, "restored", "select count(*) from shop.bill")).toBe("500");
    expect(await psql(target, "postgres", logins)).toBe("");
  });

  it.each([
    ["", undefined],
    [", nor once it was compared", "holdfast_load_abcdefghijkl"],
  ])("whose login cannot be dropped says of no whole database that it was broken off%s", async (_, kept) => {
    await using target = await startTestServer();
    const destination = {
      side: "target",
      admin: target.address,
      database: "restored",
      create: true,
    } as const;
    const inUse = `do $$ declare login name; begin
      select rolname into strict login from pg_roles where rolname like 'holdfast_load_%';
      execute format('grant usage on schema public to %I', login); end $$`;
    const uses: Promise<string>[] = [];
    const report = await loadInto(target, memoryImage(backup), {
      destination,
      options: {
        ...(kept === undefined ? {} : { keptUntilCompared: kept }),
        onProgress: ({ phase }) => {
          if (phase === "rows" && uses.length === 0) uses.push(psql(target, "postgres", inUse));
        },
      },
    });
    await Promise.all(uses);
    const again = (): Promise<unknown> =>
      demandSuitable(
        { ...target.address, database: "restored" },
        { fingerprint: backup.fingerprint, plainBytes: 1 },
        testWait(),
      ).catch((error: unknown) => error);
    const told = [...report.notes];
    const isToldUncompared = String(await again().then((error) => isFailure(error) && error.hint)).includes(
      "before it had compared it",
    );
    expect(isToldUncompared).toBe(kept !== undefined);
    if (kept !== undefined) told.push((await forgetLoad(destination, kept)) ?? "");
    expect(told.filter((one) => /login holdfast_load_\w+ could not be removed/.test(one))).toHaveLength(1);
    const failure = await again();
    expect(failure).toMatchObject({ code: "target/occupied" });
    expect(failure).not.toMatchObject({ hint: expect.stringContaining("drop") });
  });

  it("whose target is gone once it was compared says that its login is left", async () => {
    const admin = { ...source.address, host: "/nonexistent" };
    const destination = { side: "target", admin, database: "restored", create: true } as const;
    expect(await forgetLoad(destination, "holdfast_load_abcdefghijkl")).toMatch(
      /^the temporary login holdfast_load_abcdefghijkl could not be removed: /,
    );
  });

  it("learns once that a server knows no sleep for event triggers", async () => {
    const isRefusal = (line: string): boolean => line.includes('configuration parameter "event_triggers"');
    const refusals = async (): Promise<number> =>
      (await readFile(join(scratch.address.host, "log"), "utf8")).split("\n").filter(isRefusal).length;
    const before = await refusals();
    const report = await loadInto(scratch, memoryImage(backup), { destination: { database: "learnt" } });
    expect(report.problems).toEqual([]);
    expect((await refusals()) - before).toBe(testMajor() < 17 ? 1 : 0);
  });

  it("gives what only superusers may have to its owner, whether an earlier one made that role or not", async () => {
    await createDatabase(source, "armed");
    await psql(
      source,
      "armed",
      `create table t as select 1 as a;
       create function watch() returns event_trigger language plpgsql as 'begin end';
       create event trigger armed_watch on ddl_command_end execute function watch();
       create foreign data wrapper armed_wrapper;
       create publication armed_all for all tables`,
    );
    const armed = await backupOf(source, "armed");
    await using target = await startScratch();
    const owners = `select string_agg(rolname || ' ' || rolsuper, ', ') from pg_roles where oid in (
      select evtowner from pg_event_trigger union select pubowner from pg_publication
      union select fdwowner from pg_foreign_data_wrapper)`;
    for (const database of ["first", "second"]) {
      const destination = { side: "target", database } as const;
      const { problems } = await loadInto(target, memoryImage(armed), { destination });
      expect(problems).toEqual([]);
      expect(await psql(target, database, owners)).toBe("postgres false");
    }
  });

  it("does what it can where the administrator is no superuser, and lists the rest", async () => {
    await using managed = await startTestServer();
    await psql(managed, "postgres", "create role dba login createdb createrole password 'dba'");
    const admin = { ...managed.address, user: "dba", password: "dba" };
    const report = await loadInto(managed, memoryImage(backup), { destination: { side: "target", admin } });
    expect(report.rows).toBe(20_550);
    expect(report.problems.filter(({ kind }) => kind === "data")).toEqual([]);
    expect(await psql(managed, "restored", "select count(*) from shop.paid")).toBe("500");
    expect(
      await psql(managed, "restored", "select relowner::regrole from pg_class where relname = 'bill'"),
    ).toBe("keeper");
    expect(
      await psql(managed, "postgres", "select rolname from pg_roles where rolname like 'holdfast_load%'"),
    ).toBe("");
  });
});
