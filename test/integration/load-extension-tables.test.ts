/** What a tenant hangs on tables of an extension comes back and is proven, and none of its code runs with the rights of those who own them (trap 19). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishedInNoDump } from "../../src/postgres/readings/definitions.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { installOwnExtension } from "../corner/own-extension.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, provenIn, troubles } from "../support/round-trip.ts";

const extensions = `
  create schema corner_ext; create extension holdfast_corner schema corner_ext; create extension holdfast_place;`;

const hanging = `
  insert into corner_ext.setting (name) select 'own ' || n from generate_series(1, 50) n;
  create table public.wide (a bigint references corner_ext.setting on update cascade on delete set null deferrable initially deferred,
    b text references corner_ext.whole (k), "C d" smallint constraint "odd; name" references places.system);
  create domain public.short as varchar(9); create table public.narrow (v varchar(20) references corner_ext.whole, s public.short references corner_ext.whole);
  insert into public.narrow values ('shipped', 'shipped'), (null, null);
  insert into public.wide select id, 'shipped', 1 from corner_ext.setting;
  create table public.later (a int); insert into public.later values (77);
  alter table public.later add constraint unchecked foreign key (a) references places.system not valid;
  create table public.parted (a int, e int not null, constraint "K 1" foreign key (e) references places.system on delete restrict deferrable)
    partition by list (a);
  create table public.one partition of public.parted for values in (1);
  create schema "Far ""away"; create table "Far ""away".two (e int not null, a int) partition by list (e);
  alter table public.parted attach partition "Far ""away".two for values in (2);
  create table public.deep partition of "Far ""away".two default;
  insert into public.parted values (1, 1), (2, 2), (2, 1);
  create index on public.one ((a + e));
  create table "Far ""away"."kept; x" (e int references places.system) partition by hash (e);
  create table "Far ""away".kept1 partition of "Far ""away"."kept; x" for values with (modulus 1, remainder 0);
  insert into "Far ""away"."kept; x" values (1), (2);
  create type public.mood as enum ('glad', 'sad');
  create table public.lane (name text default 'NOT NULL, (' not null, width int, area int generated always as (width * 2) stored, mood public.mood default 'glad',
    note text default 'a, (b', sizes int[] default array[1, 2], primary key (id),
    constraint lane_mood check (mood <> 'sad'::public.mood or note <> ',')) inherits (places_data.street) with (fillfactor = 70);
  alter table public.lane alter note set storage external;
  create table public.path (id int default nextval('places_data.street_id_seq'::regclass) not null, name text default 'path', m public.mood default 'sad') inherits (public.lane, places_data.street);
  insert into public.lane (name, width) values ('one', 3), ('two', 4);
  create unlogged table public."Ally; x" (x int) inherits (public.lane);`;

let source: PrivateServer;
let scratch: PrivateServer;
let installed: Disposable;

beforeAll(async () => {
  [source, scratch] = await Promise.all([startTestServer(), startScratch()]);
  installed = installOwnExtension(source.binFolder);
});

afterAll(async () => {
  installed[Symbol.dispose]();
  await Promise.all([source[Symbol.asyncDispose](), scratch[Symbol.asyncDispose]()]);
});

describe("default privileges that an extension's script gives to whoever installs it", () => {
  it("are those of the source's installer, and of nobody here", async () => {
    await createDatabase(source, "defaulted");
    await psql(
      source,
      "defaulted",
      `create extension holdfast_place; create role late_maker; grant create on schema places to late_maker;
       create table places.later (a int); set role late_maker; create table places.others (a int)`,
    );
    const image = memoryImage(await backupOf(source, "defaulted"), 4_099);
    const { report, verdict, checks } = await provenIn(scratch, image, "defaulted");
    expect(report.problems).toEqual([]);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const whose = "select distinct defaclrole::regrole from pg_default_acl";
    expect(await psql(scratch, "defaulted", whose)).toBe(await psql(source, "defaulted", whose));
  });
});

describe("what an extension's script makes beside its members", () => {
  it("comes back once, and what it gives to a role is that role's", async () => {
    await createDatabase(source, "beside");
    await psql(
      source,
      "beside",
      `create schema corner_ext; create extension holdfast_corner schema corner_ext; create extension holdfast_place;
       create table public.own (a int); create publication empty;
       create publication "all; x" for table public.own, places.system (name), corner_ext.whole;
       create publication "of schemas" for tables in schema places_data, table corner_ext.whole`,
    );
    const image = memoryImage(await backupOf(source, "beside"), 4_099);
    expect(image.fingerprint.omitted).toContainEqual({
      kind: "contents of an extension's materialised view",
      name: "corner_ext.setting_names",
      reason: "its script makes it anew; refresh it after a restore",
    });
    const { report, verdict, checks } = await provenIn(scratch, image, "beside");
    expect(report.problems).toEqual([]);
    expect(report.notes.filter((note) => /keep|dropped/.test(note))).toEqual([]);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const whose = `select pubname, pubowner::regrole from pg_publication union all
      select relname, relowner::regrole from pg_class where relname = 'kept' order by 1`;
    expect(await psql(scratch, "beside", whose)).toBe(await psql(source, "beside", whose));
  });
});

describe("a publication of an extension's table whose columns are no names", () => {
  it.each(["name", '{"a": 1}', "[]"])(
    "is told where they are %j, and nothing of them is run",
    async (text) => {
      const backup = await backupOf(source, "beside");
      const definitions = (backup.fingerprint.definitions ?? []).map((one) =>
        one.kind === publishedInNoDump && one.text !== "" ? { ...one, text } : one,
      );
      const image = memoryImage({ ...backup, fingerprint: { ...backup.fingerprint, definitions } });
      const report = await loadInto(scratch, image, { destination: { database: `told ${text}` } });
      expect(report.problems).toMatchObject([
        { subject: "PUBLICATION all; x of places.system", message: "its columns are no names" },
      ]);
    },
  );
});

describe("keys that refer to tables of extensions, and tables below them", () => {
  it("come back and are proven", async () => {
    await createDatabase(source, "hanging");
    await psql(source, "hanging", extensions + hanging);
    const image = memoryImage(await backupOf(source, "hanging"), 4_099);
    const { report, verdict, checks } = await provenIn(scratch, image, "hanging");
    expect(report.problems).toEqual([]);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const lent =
      "select count(*) from pg_class, aclexplode(relacl) a left join pg_roles r on r.oid = a.grantee where a.grantee <> 0 and r.oid is null";
    expect(await psql(scratch, "hanging", lent)).toBe("0");
  });

  it("come back where the administrator is no superuser and the extension's tables are its own", async () => {
    await createDatabase(source, "plain");
    await psql(
      source,
      "plain",
      `create role plain_owner; alter database plain owner to plain_owner; set role plain_owner;
       create extension holdfast_place; create schema app;
       create table app.parted (e int references places.system) partition by list (e);
       create table app.one partition of app.parted for values in (1); insert into app.parted values (1);
       create table app.lane (name text not null, width int check (width > 0)) inherits (places_data.street);
       insert into app.lane (name, width) values ('one', 3);`,
    );
    const image = memoryImage(await backupOf(source, "plain"));
    await using target = await startTestServer();
    await psql(target, "postgres", "create role admin login password 'pw' createrole createdb");
    const admin = { ...target.address, user: "admin", password: "pw", database: "postgres" };
    const report = await loadInto(target, image, {
      destination: { side: "target", admin, database: "plain" },
    });
    expect(report.problems).toEqual([]);
    const restored = { side: "target", admin: { ...admin, database: "plain" }, twin: null } as const;
    const checks = troubles(await compareIn(restored, image, target.binFolder));
    // Large objects are nobody's to read but a superuser's.
    expect(checks).toMatchObject([{ name: "large-objects", outcome: "not-run" }]);
  });

  it("are not made below a catalog of the system's, whatever else a forged archive has them inherit from", async () => {
    await createDatabase(source, "below");
    const room = "x".repeat(60);
    await psql(
      source,
      "below",
      `${extensions} create table public.path (note text default '${room}') inherits (places_data.street);`,
    );
    const honest = await backupOf(source, "below");
    const { stream } = honest.fingerprint.schema;
    const archive = honest.streams.get(stream)?.toString("latin1") ?? "";
    const forged = archive.replace(/CREATE TABLE public\.path \([^;]*;/, ({ length }) =>
      "CREATE TABLE public.path (\n)\nINHERITS (places_data.street, pg_catalog.pg_am);".padEnd(length),
    );
    expect(forged).toContain("pg_catalog.pg_am);");
    const streams = new Map([...honest.streams, [stream, Buffer.from(forged, "latin1")]]);
    const image = memoryImage({ ...honest, streams });
    const { problems } = await loadInto(scratch, image, { destination: { database: "below" } });
    expect(problems).toContainEqual(
      expect.objectContaining({ subject: "TABLE public.path", kind: "machine" }),
    );
    expect(await psql(scratch, "below", "select 1 from pg_inherits where inhparent < '16384'")).toBe("");
  });

  it("are not made, and not left unchecked, where they refer to a row that is not there", async () => {
    await createDatabase(source, "orphan");
    await psql(
      source,
      "orphan",
      `${extensions} insert into places.system values (3, 'in no backup'); insert into corner_ext.whole values ('lost', '');
       create table public.t (a int references places.system, b text references corner_ext.whole); insert into public.t values (3, 'lost');
       create table public.p (a int references places.system) partition by range (a);
       create table public.p1 partition of public.p for values from (1) to (2); create table public.p2 partition of public.p default;
       insert into public.p values (1), (3);
       set session_replication_role = replica; delete from corner_ext.whole where k = 'lost'`,
    );
    const report = await loadInto(scratch, memoryImage(await backupOf(source, "orphan")), {
      destination: { database: "orphan" },
    });
    const problems = report.problems.map(({ subject, sqlState, kind }) => `${subject} ${sqlState} ${kind}`);
    expect(problems.toSorted()).toEqual([
      "FK CONSTRAINT public.p p_a_fkey 23503 machine",
      "FK CONSTRAINT public.t t_a_fkey 23503 machine",
      "FK CONSTRAINT public.t t_b_fkey 23503 data",
    ]);
    const left =
      "select count(*) from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace";
    expect(await psql(scratch, "orphan", left)).toBe("0");
  });
});

describe("a key that would be checked by code of the tenant's", () => {
  /** A column that is turned into what it refers to by a cast of the tenant's, and one of a domain, which is not. */
  const evil = `
    create role mallory; grant all on schema public to mallory; grant create on database evil to mallory;
    grant references on places.system, corner_ext.whole to mallory;
    grant usage on schema places, corner_ext to mallory;
    set role mallory;
    create table public.witness (who text);
    create type public.key as (id int);
    create function public.cast_it(public.key) returns int language plpgsql as $$ begin
      insert into public.witness select session_user || ' as ' || current_user; return $1.id; end $$;
    create cast (public.key as int) with function public.cast_it(public.key) as implicit;
    create function public.named(text) returns boolean language plpgsql as $$ begin
      insert into public.witness select 'domain as ' || current_user; return true; end $$;
    create domain public.name as text check (public.named(value));
    reset role;
    create table public.t (a public.key references places.system, b public.name references corner_ext.whole (k));
    create table public.p (a public.key references places.system) partition by list (a);
    create table public.p1 partition of public.p default; alter table public.p owner to mallory; alter table public.p1 owner to mallory;
    alter table public.t owner to mallory; insert into public.t values (row(1), 'shipped'), (row(2), null);
    truncate public.witness;`;

  it("is nobody's to make, on scratch or on a target, and runs nothing with the rights of others", async () => {
    await createDatabase(source, "evil");
    await psql(source, "evil", extensions + evil);
    const image = memoryImage(await backupOf(source, "evil"));
    await using target = await startTestServer();
    for (const [server, side] of [
      [scratch, "scratch"],
      [target, "target"],
    ] as const) {
      const report = await loadInto(server, image, { destination: { database: "evil", side } });
      expect(report.problems.map(({ subject, kind }) => [subject, kind])).toEqual([
        ["FK CONSTRAINT public.t t_a_fkey", "machine"],
        ["FK CONSTRAINT public.p p_a_fkey", "machine"],
      ]);
      expect(report.problems[0]?.message).toMatch(/would be checked as an extension's owner/);
      const who = "select distinct regexp_replace(who, '_[a-z2-7]{12}$', '') from public.witness";
      expect(await psql(server, "evil", who)).toBe("domain as holdfast_load");
      const used =
        "truncate public.witness; set role mallory; insert into public.t (b) values ('shipped'); reset role";
      expect(await psql(server, "evil", `${used}; ${who}`)).toBe("domain as mallory");
      expect(await psql(server, "evil", "select count(*) from public.t")).toBe("3");
    }
  });

  it("of a partitioned table is made without a look at the partitions, whose indexes run code as whoever looks", async () => {
    await createDatabase(source, "looked_at");
    await psql(
      source,
      "looked_at",
      `${extensions} create table public.witness (who text);
       create function public.noted() returns int language plpgsql as 'begin insert into public.witness values (session_user); return 1; end';
       create function public.spy(int) returns int language plpgsql immutable as 'begin return public.noted(); end';
       create table public.p (a int, e int references places.system) partition by list (a);
       create table public.p1 partition of public.p for values in (1);
       insert into public.p values (1, 1); create index on public.p1 ((a + public.spy(1))); truncate public.witness`,
    );
    const image = memoryImage(await backupOf(source, "looked_at"));
    const report = await loadInto(scratch, image, { destination: { database: "looked_at" } });
    expect(report.problems).toEqual([]);
    const who = "select distinct regexp_replace(who, '_[a-z2-7]{12}$', '') from public.witness";
    expect(await psql(scratch, "looked_at", who)).toBe("holdfast_load");
    const keys =
      "select count(*) from pg_constraint where contype = 'f' and convalidated and connamespace = 'public'::regnamespace";
    expect(await psql(scratch, "looked_at", keys)).toBe("2");
  });

  it("cannot be made by the tenant's code either while it is loaded", async () => {
    await createDatabase(source, "meanwhile");
    await psql(
      source,
      "meanwhile",
      `${extensions} create role mallet; grant all on schema public to mallet; set role mallet;
       create table public.witness (said text);
       create function public.chk(int) returns boolean language plpgsql as $f$ begin
         if session_user like 'holdfast_load%' then
           begin create table public.mine (a int references places.system); insert into public.witness values ('made');
           exception when others then insert into public.witness values (sqlerrm); end;
           begin create index on places.system ((public.chk(id))); insert into public.witness values ('planted');
           exception when others then insert into public.witness values (sqlerrm); end;
         end if; return true; end $f$;
       create table public.t (a int check (public.chk(a))); insert into public.t values (1);
       reset role; create table public.keyed (a int references places.system);`,
    );
    const report = await loadInto(scratch, memoryImage(await backupOf(source, "meanwhile")), {
      destination: { database: "meanwhile" },
    });
    expect(report.problems).toEqual([]);
    expect(await psql(scratch, "meanwhile", "select distinct said from public.witness order by 1")).toBe(
      "must be owner of table system\npermission denied for table system",
    );
  });
});

describe("a table in the schema of an extension whose functions run as its owner", () => {
  it("is made by nobody, and wherever those functions write no check of the tenant's runs as their owner", async () => {
    await createDatabase(source, "queued");
    await psql(
      source,
      "queued",
      `create extension holdfast_queue; create table public.witness (who text);
       create function public.told(text) returns boolean language plpgsql as $f$ begin
         if current_user not like 'holdfast_load%' then insert into public.witness values (current_user); end if; return true; end $f$;
       create table holdfast_queue.event_1 (constraint told check (public.told(what))) inherits (holdfast_queue.event);
       create table public.mine (what text check (public.told(what)));
       insert into holdfast_queue.queue values ('there', 'holdfast_queue.event_1'), ('here', 'public.mine');
       create function public.lured(int) returns int language plpgsql immutable as $f$ begin
         perform holdfast_queue.insert_event(case $1 when 1 then 'here' else 'there' end, 'lured'); return $1;
         exception when others then return $1; end $f$;
       create table public.t (a int); insert into public.t values (1), (2); create index on public.t (public.lured(a));
       truncate public.witness`,
    );
    const report = await loadInto(scratch, memoryImage(await backupOf(source, "queued")), {
      destination: { database: "queued" },
    });
    const problems = report.problems.map(({ subject, kind }) => `${subject} ${kind}`);
    expect(problems).toContain("TABLE holdfast_queue.event_1 machine");
    expect(await psql(scratch, "queued", "select count(*) from public.witness")).toBe("0");
    const raised = "select prosecdef from pg_proc where proname = 'insert_event'";
    expect(await psql(scratch, "queued", raised)).toBe("t");
  });
});

describe("sequences that number the rows of an extension's configuration", () => {
  it("go on where they stood, though the extension marks only the table", async () => {
    await createDatabase(source, "numbered");
    await psql(
      source,
      "numbered",
      `create schema numbers; create extension holdfast_number schema numbers;
       insert into numbers.visit (note) select 'own ' || n from generate_series(1, 7) n;
       delete from numbers.visit where id > 5`,
    );
    const backup = await backupOf(source, "numbered");
    expect(backup.fingerprint.omitted.filter(({ kind }) => kind.startsWith("value of"))).toEqual([]);
    const { verdict, checks } = await provenIn(scratch, memoryImage(backup), "numbered");
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
    const next = "insert into numbers.visit (note) values ('next') returning id, also";
    expect(await psql(scratch, "numbered", next)).toBe("8|8");
    // Whoever may not read it accuses nobody.
    const address = { ...scratch.address, database: "numbered" };
    await psql(
      scratch,
      "numbered",
      "create role blind login password 'pw'; grant usage on schema numbers to blind",
    );
    const blind = {
      side: "target",
      admin: { ...address, user: "blind", password: "pw" },
      twin: null,
    } as const;
    const unread = await compareIn(blind, memoryImage(backup), scratch.binFolder, { indexes: false });
    expect(unread.find(({ name }) => name === "sequences")).toMatchObject({
      outcome: "not-run",
      because: "machine",
    });
    // What is set is compared as well.
    await psql(scratch, "numbered", "select setval('numbers.visit_id_seq', 3)");
    const moved = { side: "scratch", admin: address, twin: null } as const;
    const after = await compareIn(moved, memoryImage(backup), scratch.binFolder, { indexes: false });
    expect(after.find(({ name }) => name === "sequences")).toMatchObject({
      outcome: "failed",
      findings: expect.arrayContaining([
        expect.objectContaining({ subject: 'sequence "numbers"."visit_id_seq"' }),
      ]) as unknown,
    });
  });
});

describe("rows of an extension that another role keeps on the target", () => {
  it("come under its triggers, which is told, and stay as they were where none may be added", async () => {
    await createDatabase(source, "kept");
    await psql(
      source,
      "kept",
      `create schema corner_ext; create extension holdfast_corner schema corner_ext;
       insert into corner_ext.job values (7, 1, 'own');
       delete from corner_ext.whole; insert into corner_ext.whole values ('own', 'row')`,
    );
    const image = memoryImage(await backupOf(source, "kept"));
    await using target = await startTestServer();
    await psql(target, "postgres", "create role admin login password 'pw' createrole createdb");
    await createDatabase(target, "kept");
    await psql(
      target,
      "kept",
      `create schema corner_ext; create extension holdfast_corner schema corner_ext;
       alter database kept owner to admin; grant usage on schema corner_ext to admin;
       grant select, insert, delete on corner_ext.job to admin; grant select, delete on corner_ext.whole to admin`,
    );
    const admin = { ...target.address, user: "admin", password: "pw", database: "postgres" };
    const { notes, problems } = await loadInto(target, image, {
      destination: { side: "target", admin, database: "kept", create: false },
    });
    expect(await psql(target, "kept", "select id, note from corner_ext.job")).toBe("7|own!!");
    expect(notes).toContainEqual(expect.stringContaining("triggers of table corner_ext.job ran"));
    expect(await psql(target, "kept", "select k from corner_ext.whole")).toBe("shipped");
    expect(problems).toContainEqual(
      expect.objectContaining({ subject: "TABLE DATA corner_ext.whole", kind: "machine" }),
    );
  });
});
