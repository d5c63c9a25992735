/**
 * Where a target is said to be shared: what a superuser had given a tenant at its source lets it reach nothing of the server's or of other
 * tenants' there; it is told by name, and all else comes back.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/model/check.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { LoadDestination } from "../../src/postgres/load/context.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { installOwnExtension } from "../corner/own-extension.ts";
import { loadInto } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testMajor } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { compareIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let target: PrivateServer;
let installed: Disposable;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestServer(), startTestServer()]);
  installed = installOwnExtension(source.binFolder);
  await psql(
    target,
    "postgres",
    "create role dba login createdb createrole password 'dba'; create role neighbour; create role app_b",
  );
});

afterAll(async () => {
  installed[Symbol.dispose]();
  await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
});

/** Its database, and what is in public and nobody's by then, belong to a role of its own; all else is a superuser's. */
async function tenant(name: string, sql: string): Promise<Image> {
  await createDatabase(source, name);
  const owner = `owner_${name}`;
  await psql(source, name, `create role ${owner}; alter database ${name} owner to ${owner}; ${sql}`);
  await psql(
    source,
    name,
    `do $$ declare one text; begin
       for one in select format('%s %s', case c.relkind when 'v' then 'view' when 'f' then 'foreign table' else 'table' end, c.oid::regclass)
           from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'f') and relowner = 10
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
         union all select format('routine %s', p.oid::regprocedure) from pg_proc p where pronamespace = 'public'::regnamespace and proowner = 10 and prokind <> 'a'
            and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
       loop execute format('alter %s owner to ${owner}', one); end loop; end $$`,
  );
  return memoryImage(await backupOf(source, name));
}

interface Restored {
  readonly report: LoadReport;
  readonly checks: ReadonlyMap<string, CheckResult>;
}

async function restored(
  database: string,
  image: Image,
  change: Partial<LoadDestination> = {},
): Promise<Restored> {
  const report = await loadInto(target, image, {
    destination: { side: "target", shared: true, database, ...change },
  });
  const admin = { ...target.address, database };
  const { withheld } = report;
  const checks = await compareIn({ side: "target", admin, twin: null }, image, target.binFolder, {
    withheld,
  });
  return { report, checks: new Map(checks.map((check) => [check.name, check])) };
}

/** What did not pass of what speaks of rights. */
const ofRights = (checks: Restored["checks"]): unknown[] =>
  troubles([...checks.values()].filter(({ name }) => name === "grants" || name === "settings"));

const withheldOf = ({ notes }: LoadReport): string[] =>
  notes.flatMap((note) => note.split(/^not given on a target: /)[1] ?? []).toSorted();

describe("grants on what is the system's own", () => {
  const hardened = `
    create role app_grants; create role "Odd ""app"; create extension hstore; create extension dblink; create extension amcheck;
    create table public.t (a int); grant select on public.t to app_grants;
    grant execute on function pg_read_file(text), lo_import(text), pg_stat_reset(), pg_terminate_backend(int, bigint) to app_grants;
    grant execute on function pg_ls_dir(text) to "Odd ""app" with grant option;
    set role "Odd ""app"; grant execute on function pg_ls_dir(text) to app_grants; reset role;
    grant execute on function dblink_connect_u(text), bt_index_check(regclass) to app_grants;
    grant select on pg_authid, pg_statistic, pg_user_mapping to app_grants; grant select (subconninfo) on pg_subscription to public;
    grant create on schema pg_catalog to app_grants; grant update on pg_settings to app_grants; grant usage on foreign data wrapper dblink_fdw to app_grants;
    revoke execute on function pg_sleep(float8), hstore_to_json(hstore) from public; grant execute on function pg_sleep(float8) to app_grants;
    revoke select on pg_stats from public; revoke usage on language plpgsql from public; grant usage on language plpgsql to app_grants;`;
  const withheld = [
    "CREATE on schema pg_catalog to app_grants",
    "EXECUTE on function pg_catalog.lo_import(text) to app_grants",
    'EXECUTE on function pg_catalog.pg_ls_dir(text) to Odd "app',
    "EXECUTE on function pg_catalog.pg_ls_dir(text) to app_grants",
    "EXECUTE on function pg_catalog.pg_read_file(text) to app_grants",
    "EXECUTE on function public.dblink_connect_u(text) to app_grants",
    "SELECT (subconninfo) on table pg_catalog.pg_subscription to public",
    "SELECT on table pg_catalog.pg_authid to app_grants",
    "SELECT on table pg_catalog.pg_statistic to app_grants",
  ];

  it("are given where they cannot reach beyond the database, and else told and not missed", async () => {
    const image = await tenant("grants", hardened);
    const { report, checks } = await restored("grants", image);
    expect(report.problems).toEqual([]);
    expect(withheldOf(report)).toEqual(withheld);
    expect(ofRights(checks)).toEqual([]);
    expect(checks.get("grants")?.detail).toContain("app_grants:EXECUTE on pg_catalog.pg_read_file (text)");
    const may = `select has_function_privilege('app_grants', 'pg_sleep(float8)', 'execute'), has_function_privilege('neighbour', 'pg_sleep(float8)', 'execute'),
      has_function_privilege('app_grants', 'pg_stat_reset()', 'execute'), has_function_privilege('app_grants', 'bt_index_check(regclass)', 'execute'),
      has_function_privilege('neighbour', 'hstore_to_json(hstore)', 'execute'), has_table_privilege('neighbour', 'pg_stats', 'select'),
      has_table_privilege('app_grants', 'pg_user_mapping', 'select'), has_language_privilege('neighbour', 'plpgsql', 'usage')`;
    expect(await psql(target, "grants", may)).toBe("t|f|t|t|f|f|t|f");
    await psql(target, "grants", "revoke execute on function pg_sleep(float8) from app_grants");
    const admin = { ...target.address, database: "grants" };
    const again = await compareIn({ side: "target", admin, twin: null }, image, target.binFolder, report);
    expect(again.find(({ name }) => name === "grants")).toMatchObject({ outcome: "failed" });
  });

  it("are all given where nobody said that others share the target", async () => {
    await psql(source, "postgres", "create database grants_whole template grants");
    const image = memoryImage(await backupOf(source, "grants_whole"));
    const { report, checks } = await restored("grants_whole", image, { shared: false });
    expect({ problems: report.problems, notes: withheldOf(report) }).toEqual({ problems: [], notes: [] });
    expect(ofRights(checks)).toEqual([]);
    await psql(target, "postgres", "drop database grants_whole");
  });
});

it("default privileges of the target's own roles are as they were, told and not missed", async () => {
  const image = await tenant(
    "defaults",
    `create role maker_a; create role app_b; grant create, usage on schema public to maker_a, app_b;
     alter default privileges for role postgres grant execute on functions to maker_a;
     alter default privileges for role app_b in schema public grant all on tables to maker_a;
     alter default privileges for role maker_a in schema public grant select on tables to app_b`,
  );
  const { report, checks } = await restored("defaults", image);
  expect(report.problems).toEqual([]);
  expect(withheldOf(report)).toEqual([
    "default privileges of role app_b, which was not made by this load",
    "default privileges of role postgres, which was not made by this load",
  ]);
  expect(await psql(target, "defaults", "select defaclrole::regrole from pg_default_acl")).toBe("maker_a");
  expect(ofRights(checks)).toEqual([]);
  await psql(
    target,
    "defaults",
    "alter default privileges for role maker_a in schema public revoke select on tables from app_b",
  );
  const admin = { ...target.address, database: "defaults" };
  const again = await compareIn({ side: "target", admin, twin: null }, image, target.binFolder, report);
  expect(again.find(({ name }) => name === "grants")).toMatchObject({ outcome: "failed" });
});

/** What a superuser may make for a tenant, of which only what has "fine" or "in reach" in its name keeps to its database. */
const mighty = `
  create role app_mighty; grant all on schema public to app_mighty;
  create extension file_fdw; create extension postgres_fdw;
  create function public.steal(text) returns text language internal strict as 'pg_read_file_all';
  create function public.on_ddl() returns event_trigger language plpgsql as 'begin end'; alter function public.on_ddl() owner to app_mighty;
  create event trigger watching on ddl_command_end execute function public.on_ddl();
  create server files foreign data wrapper file_fdw; create foreign table public.shell (line text) server files options (program 'id');
  alter foreign table public.shell owner to app_mighty;
  create server fine foreign data wrapper postgres_fdw options (host 'localhost'); alter server fine owner to app_mighty;
  create foreign table public.fine_afar (a int) server fine options (table_name 't');
  create user mapping for app_mighty server fine options (user 'x', password 'y');
  create user mapping for postgres server fine options (user 'postgres', password_required 'false');
  create foreign data wrapper reading handler file_fdw_handler; create foreign data wrapper fine_hollow;
  create subscription far connection 'host=127.0.0.1 port=1 dbname=x' publication p with (connect = false);
  create cast (text as numeric) without function; create cast (text as json) without function;
  create operator class public.peek for type int8 using btree as operator 1 <, operator 3 =, function 1 (int8, int8) bttextcmp(text, text);
  create function public.fine_backwards(int, int) returns int language sql immutable as 'select btint4cmp($2, $1)';
  create operator class public.fine_class for type int4 using btree as operator 1 >, operator 3 =, function 1 public.fine_backwards(int, int);
  create aggregate public.mixed (numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_poly_avg);
  create text search template public.mixed (init = dsimple_init, lexize = dsynonym_lexize);
  create trusted language mine handler plpgsql_call_handler;
  create function public.helped(text, text) returns boolean language sql immutable leakproof support pg_catalog.textlike_support as 'select $1 ~~ $2';
  create table public.t (a int); insert into public.t values (1), (2); alter table public.t owner to app_mighty;
  alter role app_mighty set session_preload_libraries = 'auto_explain'; alter role app_mighty set work_mem = '7MB';
  alter database mighty set log_statement = 'none'; alter database mighty set work_mem = '8MB'; alter database mighty set session_replication_role = 'replica';
  alter role app_mighty in database mighty set temp_file_limit = -1;
  alter role app_mighty set auto_explain.log_min_duration = 0; alter database mighty set "Plperl.on_init" = 'exit';
  alter database mighty set app.current_tenant = '7'; alter database mighty set plpgsql.extra_errors = 'all';
  create function public.fine_calm() returns int language sql set log_min_messages = 'panic' as 'select 1'; alter function public.fine_calm() owner to app_mighty;`;

const reaching = `
  select 'function ' || proname from pg_proc p join pg_language l on l.oid = p.prolang where lanname in ('c', 'internal') and pronamespace = 'public'::regnamespace
     and proname !~ 'fdw'
  union all select 'event trigger ' || evtname from pg_event_trigger union all select 'subscription ' || subname from pg_subscription
  union all select 'wrapper ' || fdwname from pg_foreign_data_wrapper where fdwhandler <> 0 and fdwname not in ('file_fdw', 'postgres_fdw')
  union all select 'foreign table ' || relname from pg_class where relkind = 'f' union all select 'class ' || opcname from pg_opclass where oid >= 16384
  union all select 'cast to ' || casttarget::regtype from pg_cast where castmethod = 'b' and oid >= 16384
  union all select 'template ' || tmplname from pg_ts_template where oid >= 16384 union all select 'language ' || lanname from pg_language where oid >= 16384 and lanname <> 'plpgsql'
  union all select 'mapping ' || array_to_string(umoptions, ' ') from pg_user_mapping union all select 'support of ' || proname from pg_proc where prosupport <> 0 and oid >= 16384
  union all select 'setting ' || unnest(setconfig) from pg_db_role_setting order by 1`;

describe("what only a superuser makes", () => {
  let image: Image;
  beforeAll(async () => {
    image = await tenant("mighty", mighty);
  });

  it("is made of a tenant's archive where it keeps to the database, and else told", async () => {
    const { report, checks } = await restored("mighty", image);
    expect((await psql(target, "mighty", reaching)).split("\n")).toEqual([
      "cast to json",
      "class fine_class",
      "foreign table fine_afar",
      "mapping password=y user=x",
      "setting app.current_tenant=7",
      "setting plpgsql.extra_errors=all",
      "setting session_replication_role=replica",
      "setting work_mem=7MB",
      "setting work_mem=8MB",
    ]);
    expect(report.problems.filter(({ kind }) => kind === "data")).toEqual([]);
    expect(report.problems.map(({ subject }) => subject).toSorted()).toEqual([
      "AGGREGATE public.mixed(numeric)",
      "CAST CAST (text AS numeric)",
      "EVENT TRIGGER watching",
      "FOREIGN DATA WRAPPER reading",
      "FOREIGN TABLE public.shell",
      "FUNCTION public.helped(text, text)",
      "FUNCTION public.steal(text)",
      "OPERATOR CLASS public.peek",
      "OWNER of FOREIGN DATA WRAPPER .fine_hollow",
      "OWNER of OPERATOR CLASS public.fine_class",
      "OWNER of OPERATOR FAMILY public.fine_class",
      "OWNER of OPERATOR FAMILY public.peek",
      "OWNER of SERVER .files",
      "PROCEDURAL LANGUAGE mine",
      "SUBSCRIPTION far",
      "TEXT SEARCH TEMPLATE public.mixed",
      "USER MAPPING USER MAPPING postgres SERVER fine",
    ]);
    expect(withheldOf(report)).toEqual([
      "setting Plperl.on_init of the database",
      "setting auto_explain.log_min_duration of role app_mighty",
      "setting log_statement of the database",
      "setting session_preload_libraries of role app_mighty",
      "setting temp_file_limit of role app_mighty",
    ]);
    expect(checks.get("settings")).toMatchObject({ outcome: "passed" });
    expect(checks.get("tables")).toMatchObject({ outcome: "passed" });
    const left = "select fdwacl::text from pg_foreign_data_wrapper where fdwacl::text ~ 'holdfast_load'";
    expect(await psql(target, "mighty", left)).toBe("");
    await expect(psql(target, "mighty", "set role app_mighty; select public.fine_calm()")).rejects.toThrow(
      /denied to set parameter "log_min_messages"/,
    );
  });

  it("is no cast to a range that bears the name of an extension's type", async () => {
    const range = "create type public.citext as range (subtype = text)";
    const cast = "create cast (text as public.citext) without function";
    const honest =
      "create schema honest; create extension citext schema honest; create cast (honest.citext as json) without function";
    await createDatabase(source, "ranges");
    await psql(source, "ranges", `${range}; ${honest}`);
    // From 17 on the server itself refuses it.
    const isMade = testMajor() < 17;
    const attempt = psql(source, "ranges", cast).then(
      () => true,
      () => false,
    );
    expect(await attempt).toBe(isMade);
    const image = memoryImage(await backupOf(source, "ranges"));
    const { report } = await restored("ranges", image);
    const casts =
      "select castsource::regtype, casttarget::regtype from pg_cast where castmethod = 'b' and oid >= 16384";
    const made = await psql(target, "ranges", casts);
    expect(made).toContain("honest.citext|json");
    expect(made).not.toMatch(/\|citext$/m);
    const refused =
      "it is not made on a target that others share: values of the one type are read from memory as the other";
    expect(report.problems.map(({ message }) => message).includes(refused)).toBe(isMade);
  });

  it("is made by an administrator who is no superuser as far as the server lets him", async () => {
    const admin = { ...target.address, user: "dba", password: "dba" };
    const { report } = await restored("mighty_managed", image, { admin });
    expect(report.problems.filter(({ kind }) => kind === "data")).toEqual([]);
    expect(report.rows).toBe(2);
    const seen = (await psql(target, "mighty_managed", reaching)).split("\n");
    expect(seen.filter((one) => !/^(?:cast to json|class fine_class|setting )/.test(one))).toEqual([]);
  });
});

describe("functions of extensions that run as their owner", () => {
  it("run as their caller while a tenant's code runs, also in a database that was there before", async () => {
    const image = await tenant(
      "queued",
      `create extension holdfast_queue; create table public.witness (who text);
       create function public.told(text) returns boolean language plpgsql as $f$ begin
         if current_user not like 'holdfast_load%' then insert into public.witness values (current_user); end if; return true; end $f$;
       create table public.mine (what text check (public.told(what)));
       insert into holdfast_queue.queue values ('here', 'public.mine');
       create function public.lured(int) returns int language plpgsql immutable as $f$ begin
         perform holdfast_queue.insert_event('here', 'lured'); return $1;
         exception when others then return $1; end $f$;
       create table public.t (a int); insert into public.t values (1), (2); create index on public.t (public.lured(a));
       truncate public.witness`,
    );
    await createDatabase(target, "queued");
    const { report } = await restored("queued", image, { create: false });
    expect(report.problems).toEqual([]);
    expect(await psql(target, "queued", "select count(*) from public.witness")).toBe("0");
    const raised = "select prosecdef from pg_proc where proname = 'insert_event'";
    expect(await psql(target, "queued", raised)).toBe("t");
  });
});

describe("owners who were there before", () => {
  const armed = `
    create role app_shared; create role door_owner; create role group_b; create role squatted;
    grant squatted to app_shared; grant create, usage on schema public to app_shared;
    create function public.as_superuser() returns text language sql security definer as 'select current_user::text';
    create function public.as_namesake() returns text language sql security definer as 'select current_user::text';
    create function public.as_member() returns text language sql security definer as 'select current_user::text';
    create function public.as_own() returns text language sql security definer as 'select current_user::text';
    create view public.hashes as select rolpassword from pg_authid; grant select on public.hashes to app_shared;
    create table public.t (a int); alter table public.t owner to app_shared; insert into public.t values (1);
    create table public.squat (a int); alter table public.squat owner to squatted;
    alter function public.as_namesake() owner to app_b; alter function public.as_member() owner to door_owner; alter function public.as_own() owner to app_shared;
    grant group_b to door_owner;`;
  const owners = `select proname, pg_get_userbyid(proowner) from pg_proc where proname ~ '^as_' union all
    select relname, pg_get_userbyid(relowner) from pg_class where relname in ('hashes', 't', 'squat') order by 1`;

  it("get nothing of a tenant's where they are superusers, or have something of another tenant's", async () => {
    await createDatabase(source, "armed");
    await psql(
      source,
      "armed",
      `create role owner_armed; alter database armed owner to owner_armed; ${armed}`,
    );
    const image = memoryImage(await backupOf(source, "armed"));
    // Tenant b's, restored before, with a role that only its group has rights by.
    await createDatabase(target, "b", "owner app_b");
    await psql(
      target,
      "b",
      "create role group_b; create role door_owner; grant group_b to door_owner; create table public.secret (a int); alter table public.secret owner to group_b",
    );
    const { report } = await restored("armed", image);
    expect(report.problems.map(({ subject, message }) => `${subject}: ${message}`).toSorted()).toEqual([
      "OWNER of FUNCTION public.as_member(): role door_owner was there before with something in database b, on a target that others share; it goes to owner_armed",
      "OWNER of FUNCTION public.as_namesake(): role app_b was there before with something in database b, on a target that others share; it goes to owner_armed",
      "OWNER of FUNCTION public.as_superuser(): role postgres is a superuser of a target that others share; it goes to owner_armed",
      "OWNER of VIEW public.hashes: role postgres is a superuser of a target that others share; it goes to owner_armed",
    ]);
    expect(await psql(target, "armed", owners)).toBe(
      "as_member|owner_armed\nas_namesake|owner_armed\nas_own|app_shared\nas_superuser|owner_armed\nhashes|owner_armed\nsquat|squatted\nt|app_shared",
    );
    await expect(psql(target, "armed", "set role app_shared; select * from hashes")).rejects.toThrow(
      /permission denied/,
    );
  });

  it("are given what is theirs where they are the same tenant's from a restore before, and another's who took the name first are not", async () => {
    await psql(target, "postgres", "drop database armed");
    const image = memoryImage(await backupOf(source, "armed"));
    const { report } = await restored("armed", image);
    expect(report.problems).toHaveLength(4);
    expect(await psql(target, "armed", owners)).toContain("as_own|app_shared\n");
    // Without the database what is left of that tenant is a member of the role that a next one calls its own.
    await psql(target, "postgres", "drop database armed");
    await createDatabase(source, "late");
    await psql(
      source,
      "late",
      "create table public.mine (a int); alter table public.mine owner to squatted; create role owner_late; alter database late owner to owner_late",
    );
    const late = await restored("late", memoryImage(await backupOf(source, "late")));
    expect(late.report.problems.map(({ message }) => message)).toEqual([
      "role squatted was there before with the member app_shared, on a target that others share; it goes to owner_late",
    ]);
  });
});
