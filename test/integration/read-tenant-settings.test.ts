/**
 * What a tenant set for its own database, for its roles in it or for everybody, neither stops a backup and its proof nor puts
 * the tenant's code into sessions of ours (traps 2, 4, 7, 19).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";
import { provenIn, troubles } from "../support/round-trip.ts";

let source: PrivateServer;
let scratch: PrivateServer;

beforeAll(async () => {
  [source, scratch] = await Promise.all([startTestServer(), startScratch()]);
});

afterAll(async () => {
  await Promise.all([source[Symbol.asyncDispose](), scratch[Symbol.asyncDispose]()]);
});

const rows = `
  create table t (id int primary key generated always as identity, body bytea, at timestamptz, f float8, note text,
                  double int generated always as (length(note) * 2) stored, check (note <> E'a\\\\b'));
  insert into t (body, at, f, note)
    select decode(md5(i::text), 'hex'), timestamptz '2026-03-01 01:00+00' + i * interval '1 hour', i / 3.0::float8, E'back\\\\slash ' || i
      from generate_series(1, 300) i;
  create materialized view m as select note, at from t where id < 10;
  create function f() returns text language sql as 'select ''a\\b''::text';
  select lo_create(4711);`;

const settings = [
  "role = nobody_here",
  "search_path = elsewhere, public",
  "default_transaction_read_only = on",
  "default_transaction_isolation = serializable",
  "default_transaction_deferrable = on",
  "statement_timeout = '1ms'",
  "lock_timeout = '1ms'",
  "idle_in_transaction_session_timeout = '1ms'",
  "idle_session_timeout = '1ms'",
  "session_replication_role = replica",
  "row_security = off",
  "bytea_output = escape",
  "lc_messages = 'C'",
  "standard_conforming_strings = off",
  "escape_string_warning = on",
  "backslash_quote = off",
  "DateStyle = 'SQL, DMY'",
  "IntervalStyle = sql_standard",
  "TimeZone = 'Asia/Dubai'",
  "extra_float_digits = -5",
  "quote_all_identifiers = on",
  "transform_null_equals = on",
  "array_nulls = off",
  "xmlbinary = hex",
  "client_min_messages = debug5",
  "check_function_bodies = on",
  "enable_seqscan = off",
];

describe("settings of a tenant", () => {
  it("for its database, for a role in it and for all its sessions stop neither backup nor proof", async () => {
    await createDatabase(source, "settled");
    await psql(source, "settled", `create role nobody_here; create role settled_owner; ${rows}`);
    await psql(
      source,
      "settled",
      `alter database settled owner to settled_owner; alter table t owner to settled_owner;
       alter materialized view m owner to settled_owner; alter table t enable row level security;`,
    );
    for (const setting of settings) await psql(source, "postgres", `alter database settled set ${setting}`);
    await psql(source, "postgres", "alter role postgres in database settled set role = nobody_here");

    const image = memoryImage(await backupOf(source, "settled"));
    const assertion = { name: "rows", query: "select count(*) from t", expect: "300" };
    const { report, checks, verdict } = await provenIn(scratch, image, "settled", {
      assertions: [assertion],
    });

    expect(report.problems).toEqual([]);
    expect(troubles(checks)).toEqual([]);
    expect(verdict).toBe("proven");
  });

  it("put no operator of its own before those of our statements, on the source or in scratch", async () => {
    await createDatabase(source, "shadow");
    await psql(
      source,
      "shadow",
      `create role shadow_owner; create schema evil; grant all on schema evil to public;
       create table public.seen (who text, as_superuser text); grant all on public.seen to public;
       insert into public.seen values ('nobody', 'off');
       set search_path = pg_catalog;
       create function evil.caught() returns boolean language plpgsql as $$
       begin
         if current_setting('is_superuser') operator(pg_catalog.=) 'on' then
           raise exception 'tenant code ran as superuser' using errcode = 'PX001';
         end if;
         return true;
       end $$;
       create function evil.eq(name, name) returns boolean language sql as 'select evil.caught() and $1 operator(pg_catalog.=) $2';
       create function evil.eq(text, text) returns boolean language sql as 'select evil.caught() and $1 operator(pg_catalog.=) $2';
       create function evil.eq(oid, oid) returns boolean language sql as 'select evil.caught() and $1 operator(pg_catalog.=) $2';
       create function evil.current_setting(text) returns text language sql as 'select case when evil.caught() then pg_catalog.current_setting($1) end';
       create operator evil.= (leftarg = name, rightarg = name, function = evil.eq);
       create operator evil.= (leftarg = text, rightarg = text, function = evil.eq);
       create operator evil.= (leftarg = oid, rightarg = oid, function = evil.eq);
       alter database shadow set search_path = evil, pg_catalog, public;`,
    );

    const image = memoryImage(await backupOf(source, "shadow"));
    const assertion = { name: "rows", query: "select count(*) from seen", expect: "1" };
    const { report, checks, verdict } = await provenIn(scratch, image, "shadow", { assertions: [assertion] });

    expect(report.problems).toEqual([]);
    expect(troubles(checks)).toEqual([]);
    expect(verdict).toBe("proven");
  });
});
