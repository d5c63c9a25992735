/**
 * A tenant who may write any function gains nothing while its backup is loaded: whatever of its code
 * runs, runs in a session whose user has no rights (traps 19 and 20).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
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
});
