/**
 * A tenant who may write any function gains nothing while its backup is loaded: whatever of its code
 * runs, runs in a session whose user has no rights (traps 19 and 20).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { Failure } from "../../src/base/failure.ts";
import type { Image } from "../../src/postgres/image.ts";
import { emptyAgain } from "../../src/postgres/load/empty-again.ts";
import { readFormer } from "../../src/postgres/load/former.ts";
import { load } from "../../src/postgres/load/load.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

/** Everything by which a function in these places was once seen to become superuser. */
const attack = `
  create or replace function public.attack(place text) returns boolean language plpgsql as $$
  declare attempt text; who text;
  begin
    foreach attempt in array array['role', 'session_authorization'] loop
      for who in select 'none' union all select 'default' union all select rolname from pg_catalog.pg_roles where rolsuper loop
        begin perform pg_catalog.set_config(attempt, who, false); exception when others then null; end;
        begin execute 'create role pwned superuser'; exception when others then null; end;
        begin execute 'alter role mallory superuser'; exception when others then null; end;
        begin execute 'create temp table shell (line text)'; execute $c$copy shell from program 'id'$c$;
              insert into public.witness values ('shell', session_user);
        exception when others then null; end;
      end loop;
    end loop;
    begin
      insert into public.witness
        select place, rolname from pg_catalog.pg_roles where rolname = session_user or (rolsuper and rolname in (current_user, session_user));
    exception when others then null; end;
    return true;
  end $$;`;

const tenant = `
  create role mallory;
  grant all on schema public to mallory;
  set role mallory;
  create table public.witness (place text, who text);
  create function public.attack(place text) returns boolean language plpgsql as 'begin return true; end';
  create function public.still(place text) returns boolean language plpgsql immutable as 'begin return public.attack(place); end';
  create table public.checked (id int check (public.attack('check')));
  insert into public.checked values (1), (2);
  create domain public.guarded as int check (public.attack('domain'));
  create table public.parted (x public.guarded) partition by list (x);
  create table public.part_one partition of public.parted for values in (1);
  insert into public.parted values (1);
  create index on public.checked (public.still('index'));
  create index on public.checked (id) where public.still('predicate');
  create materialized view public.seen as select public.attack('matview') as seen;
  create function public.on_row() returns trigger language plpgsql as 'begin perform public.attack(''trigger''); return new; end';
  create trigger on_row before insert on public.checked for each row execute function public.on_row();
  create function public.on_ddl() returns event_trigger language plpgsql as 'begin perform public.attack(''event trigger''); end';
  create aggregate public.total (public.guarded) (sfunc = int4pl, stype = int4, initcond = '0');
  create statistics public.spread on id, (public.still('statistics')) from public.checked;
  reset role;
  create event trigger on_ddl on ddl_command_start execute function public.on_ddl();
  create event trigger on_end on ddl_command_end execute function public.on_ddl();
  create event trigger on_drop on sql_drop execute function public.on_ddl();
  comment on event trigger on_end is 'watches';
  alter event trigger on_ddl disable; alter event trigger on_end disable; alter event trigger on_drop disable;
  ${attack}
  alter function public.attack(text) owner to mallory;
  alter event trigger on_ddl enable; alter event trigger on_end enable; alter event trigger on_drop enable;
`;

describe("a hostile tenant", () => {
  let source: PrivateServer;
  let scratch: PrivateServer;
  let report: LoadReport;

  beforeAll(async () => {
    source = await startTestServer();
    scratch = await startScratch();
    await createDatabase(source, "hostile");
    await psql(source, "hostile", tenant);
    report = await loadInto(scratch, memoryImage(await backupOf(source, "hostile")));
  });

  afterAll(async () => {
    await scratch[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
  });

  it("is loaded whole all the same", () => {
    expect(report.problems).toEqual([]);
    expect(report.entries.every(({ outcome }) => outcome === "applied")).toBe(true);
  });

  it("has its code run, or this test would show nothing", async () => {
    const places = await psql(scratch, "restored", "select distinct place from public.witness order by 1");
    expect(places.split("\n")).toEqual(expect.arrayContaining(["check", "domain", "matview"]));
  });

  it("never runs it in a session of anybody but the temporary login", async () => {
    const others = "select distinct place, who from public.witness where who !~ '^holdfast_load_'";
    expect(await psql(scratch, "restored", others)).toBe("");
  });

  it("becomes no superuser and makes none", async () => {
    const superusers = await psql(scratch, "postgres", "select rolname from pg_roles where rolsuper");
    expect(superusers).toBe(scratch.address.user);
    expect(await psql(scratch, "postgres", "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
  });

  it("does not fire its event triggers with the administrator's statements", async () => {
    expect(
      await psql(scratch, "restored", "select count(*) from pg_event_trigger where evtenabled = 'O'"),
    ).toBe("3");
    const fired = "select count(*) from public.witness where place = 'event trigger'";
    expect(await psql(scratch, "restored", fired)).toBe("0");
  });

  it("leaves no login behind", async () => {
    expect(
      await psql(scratch, "postgres", "select rolname from pg_roles where rolname ~ '^holdfast_load'"),
    ).toBe("");
    expect(await psql(scratch, "postgres", "select rolname from pg_roles where rolcanlogin")).toBe(
      scratch.address.user,
    );
  });

  it("is told apart when the wrapper it wrote would have its own code run by the administrator", async () => {
    await createDatabase(source, "wrapper");
    await psql(
      source,
      "wrapper",
      `create function public.valid(text[], oid) returns void language plpgsql as 'begin end';
       create foreign data wrapper hollow validator public.valid options (a 'b');`,
    );
    const image = memoryImage(await backupOf(source, "wrapper"));
    const report = await loadInto(scratch, image, { destination: { database: "wrapper" } });
    expect(report.problems).toContainEqual({
      subject: "FOREIGN DATA WRAPPER hollow",
      sqlState: undefined,
      message: "would run valid as a superuser",
      kind: "machine",
    });
  });

  /** A tenant of its own name on the source, whose owner `mallory_…` may do what any tenant may. */
  async function hostile(name: string, sql: string, asSuperuser = ""): Promise<Image> {
    await createDatabase(source, name);
    const role = `mallory_${name}`;
    await psql(
      source,
      name,
      `create role ${role}; grant all on schema public to ${role}; grant create on database ${name} to ${role};
       set role ${role}; ${sql}; reset role; ${asSuperuser}`,
    );
    return memoryImage(await backupOf(source, name));
  }

  const superusersOf = (server: PrivateServer): Promise<string> =>
    psql(server, "postgres", "select string_agg(rolname, ' ') from pg_roles where rolsuper");

  /** A function that runs when rows are checked and makes something of its own while it is loaded. */
  const whileLoaded = (statement: string): string => `
    create function public.chk(int) returns boolean language plpgsql as $f$ begin
      if session_user like 'holdfast_load%' then
        begin execute $s$${statement}$s$; exception when duplicate_object or duplicate_function or duplicate_table then null; end;
      end if;
      return true; end $f$;
    create table public.t (a int check (public.chk(a))); insert into public.t values (1)`;

  it("has nothing run by the administrator for having said that it lacks the right", async () => {
    const check = `create function public.chk(int) returns boolean language plpgsql as $$ begin
        if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) and session_user !~ '^postgres$' then
          execute 'create role pwned superuser login'; return true; end if;
        if session_user like 'holdfast_load%' then raise exception 'no' using errcode = '42501'; end if;
        return true; end $$;
      create domain public.d as int check (public.chk(value));
      create function public.f(x public.d[] default '{1}'::public.d[]) returns int language sql as 'select 1'`;
    const report = await loadInto(scratch, await hostile("raises", check), {
      destination: { database: "raises" },
    });
    expect(await psql(scratch, "postgres", "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
    expect(report.problems.map(({ subject, kind }) => [subject, kind])).toEqual([
      ["FUNCTION public.f(public.d[])", "machine"],
    ]);
  });

  describe("on a real target", () => {
    let target: PrivateServer;

    beforeAll(async () => {
      target = await startTestServer();
    });
    afterAll(async () => {
      await target[Symbol.asyncDispose]();
    });

    const onTarget = (database: string) => ({ destination: { side: "target", database } }) as const;

    it("leaves nothing that its code made as the loader, least of all to a superuser", async () => {
      const door = `create function public.door() returns text language sql security definer as 'select current_user::text'`;
      const report = await loadInto(target, await hostile("door", whileLoaded(door)), onTarget("door"));
      expect(await psql(target, "door", "select proname from pg_proc where proname = 'door'")).toBe("");
      expect(report.notes).toContainEqual(expect.stringMatching(/^dropped function public\.door\(\)/));
      expect(report.problems).toEqual([]);
      expect(await psql(target, "door", "select count(*) from public.t")).toBe("1");
    });

    it("leaves nothing that its code made as one of its own roles either", async () => {
      const made = `do $d$ begin
        execute 'grant create on schema public to mallory_mask';
        execute 'set local role mallory_mask';
        execute 'create view public.mask as select 1';
        execute 'alter role mallory_mask set search_path = evil';
        execute 'alter default privileges grant all on tables to public';
        reset role; end $d$`;
      const image = await hostile("mask", whileLoaded(made));
      const report = await loadInto(target, image, onTarget("mask"));
      expect(report.problems).toEqual([]);
      expect(report.notes).toContainEqual(expect.stringMatching(/^dropped view public\.mask/));
      const left = `select relname::text from pg_class where relname = 'mask' union all select defaclobjtype::text from pg_default_acl
        union all select unnest(setconfig) from pg_db_role_setting`;
      expect(await psql(target, "mask", left)).toBe("");
    });

    it("gives nothing to a role that has more rights here than at the source", async () => {
      await psql(
        target,
        "postgres",
        `create role boss superuser; create role maker createrole; create role shell; grant pg_execute_server_program to shell`,
      );
      const sql = ["boss", "maker", "shell"].map(
        (
          role,
        ) => `create role ${role}; create function public.of_${role}() returns text language sql security definer as 'select current_user::text';
          alter function public.of_${role}() owner to ${role};`,
      );
      const image = await hostile(
        "blocked",
        "select 1",
        `${sql.join("")} alter database blocked owner to boss`,
      );
      const report = await loadInto(target, image, onTarget("blocked"));
      const owners = await psql(
        target,
        "blocked",
        "select string_agg(distinct rolname, ' ') from pg_roles where oid in (select proowner from pg_proc where proname ~ '^of_' union select datdba from pg_database where datname = 'blocked')",
      );
      expect(owners).toMatch(/^holdfast_kept_[a-z2-7]{12}$/);
      const rights = `select rolsuper, rolcanlogin from pg_roles where rolname = '${owners}'`;
      expect(await psql(target, "postgres", rights)).toBe("f|f");
      expect(report.problems.map(({ subject }) => subject).toSorted()).toEqual([
        "DATABASE blocked",
        "OWNER of FUNCTION public.of_boss()",
        "OWNER of FUNCTION public.of_maker()",
        "OWNER of FUNCTION public.of_shell()",
      ]);
    });

    it("whose load is broken off leaves a database that was there empty, and its owner's again", async () => {
      const image = await hostile(
        "broken",
        `create schema s; create function public.im(int) returns int language plpgsql immutable as 'begin return 1; end';
         create table s.a (x int); insert into s.a values (1); create index on s.a (public.im(x));
         create type public.e as enum ('a'); create materialized view public.mv as select * from s.a`,
        "select lo_from_bytea(77, 'x')",
      );
      await psql(
        target,
        "postgres",
        "create role keeper; create database broken owner keeper; alter database broken set work_mem = '7MB'; grant connect on database broken to keeper",
      );
      const state = `select pg_get_userbyid(datdba), datacl, (select setconfig from pg_db_role_setting where setdatabase = d.oid),
        (select pg_get_userbyid(nspowner) || nspacl::text from pg_namespace where nspname = 'public') from pg_database d where datname = 'broken'`;
      const before = await psql(target, "broken", state);
      const ended = new AbortController();
      const destination = {
        side: "target",
        admin: target.address,
        database: "broken",
        create: false,
      } as const;
      const options = {
        jobs: 2,
        content: "all",
        chance: systemChance,
        onProgress: ({ phase }: { readonly phase: string }) => {
          if (phase === "derived") ended.abort(new Failure("store/absent", "object x is missing"));
        },
      } as const;
      await expect(load(image, destination, options, { signal: ended.signal })).rejects.toMatchObject({
        code: "store/absent",
      });
      expect(await psql(target, "broken", state)).toBe(before);
      const left = `select oid::text from pg_class where oid >= 16384 and relkind <> 'i' union all select proname from pg_proc where oid >= 16384
        union all select typname from pg_type where oid >= 16384 union all select nspname from pg_namespace where oid >= 16384
        union all select oid::text from pg_largeobject_metadata`;
      expect(await psql(target, "broken", left)).toBe("");
      const roles = "select rolname from pg_roles where rolname ~ '^(holdfast_load|mallory_broken)'";
      expect(await psql(target, "postgres", roles)).toBe("");
    });

    it("whose load is broken off at its very end leaves limit and comment of a database as they were", async () => {
      await createDatabase(target, "noted");
      await psql(
        target,
        "postgres",
        "comment on database noted is 'of old'; alter database noted connection limit 7",
      );
      const admin = { ...target.address, database: "noted" };
      await using inside = await connect(admin, "target", {}, testWait());
      const former = await readFormer(inside);
      await psql(
        target,
        "postgres",
        "comment on database noted is 'of the backup'; alter database noted connection limit 9",
      );
      expect(await emptyAgain(inside, { database: "noted", former, roles: [] })).toBe("");
      const state =
        "select datconnlimit, shobj_description(oid, 'pg_database') from pg_database where datname = 'noted'";
      expect(await psql(target, "noted", state)).toBe("7|of old");
    });

    it("cannot leave settings or grants on the database, though only a table was asked for", async () => {
      const sql = whileLoaded(
        "do $d$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); execute format('grant create on database %I to public', current_database()); end $d$",
      );
      const image = await hostile("settings", sql, `alter database settings set search_path = s, public`);
      const options = { tables: [{ schema: "public", name: "t" }] };
      const report = await loadInto(target, image, { ...onTarget("settings"), options });
      expect(report.rows).toBe(1);
      const left = `select coalesce((select setconfig::text from pg_db_role_setting where setdatabase = d.oid), 'none'), has_database_privilege('public', d.oid, 'create'), has_database_privilege('public', d.oid, 'connect')
        from pg_database d where datname = 'settings'`;
      expect(await psql(target, "postgres", left)).toBe("none|f|t");
    });

    it("is let in by nobody else while it is loaded", async () => {
      const image = await hostile("closed", "create table public.t (a int); insert into public.t values (1)");
      await psql(target, "postgres", "create role stranger login");
      const seen = new Set<string>();
      const watching: Image = {
        fingerprint: image.fingerprint,
        async *read(stream, range, wait) {
          if (stream !== image.fingerprint.schema.stream)
            seen.add(
              await psql(
                target,
                "postgres",
                "select has_database_privilege('stranger', 'closed', 'connect')",
              ),
            );
          yield* image.read(stream, range, wait);
        },
      };
      await loadInto(target, watching, onTarget("closed"));
      expect([...seen]).toEqual(["f"]);
      expect(
        await psql(target, "postgres", "select has_database_privilege('stranger', 'closed', 'connect')"),
      ).toBe("t");
    });

    it("makes no superuser", async () => {
      expect(await superusersOf(target)).toBe("postgres boss");
    });
  });

  it("that never ends is a problem, and the rest is loaded", async () => {
    const image = await hostile(
      "endless",
      `create function public.busy() returns int language plpgsql as $$ begin
         if session_user like 'holdfast_load%' then loop perform 1; end loop; end if; return 1; end $$;
       create materialized view public.endless as select public.busy();
       create table public.t (a int check (a = public.busy())); insert into public.t values (1);
       create table public.u (a int); insert into public.u values (1)`,
    );
    const limits = { statementMs: 1500, loadMs: 60_000, temporaryBytes: 1e9 };
    const report = await loadInto(scratch, image, {
      destination: { database: "endless" },
      options: { limits },
    });
    expect(report.problems.map(({ subject, kind, sqlState }) => [subject, kind, sqlState])).toEqual([
      ["TABLE DATA public.t", "machine", "57014"],
      ["MATERIALIZED VIEW DATA public.endless", "machine", "57014"],
    ]);
    expect(await psql(scratch, "endless", "select count(*) from public.u")).toBe("1");
    const brief = { ...limits, statementMs: 60_000, loadMs: 2000 };
    const again = loadInto(scratch, image, {
      destination: { database: "brief" },
      options: { limits: brief },
    });
    await expect(again).rejects.toMatchObject({ code: "wait/expired" });
    const left =
      "select rolname from pg_roles where rolname like 'holdfast_load%' union all select datname from pg_database where datname = 'brief'";
    expect(await psql(scratch, "postgres", left)).toBe("");
  });

  it("that fills the disk with temporary files is stopped", async () => {
    const image = await hostile(
      "filling",
      "create materialized view public.large as select n from generate_series(1, 2000000) n order by n desc limit 1",
    );
    const limits = { statementMs: 60_000, loadMs: 60_000, temporaryBytes: 1_000_000 };
    const report = await loadInto(scratch, image, {
      destination: { database: "filling" },
      options: { limits },
    });
    expect(report.problems).toEqual([expect.objectContaining({ kind: "machine", sqlState: "53400" })]);
  });
});
