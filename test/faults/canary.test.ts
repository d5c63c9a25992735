/** No value of a tenant's row reaches a public proof, the terminal, a log or the JSON of verify, however PostgreSQL complains (trap 34). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { payloadOf } from "../support/forged.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { allObjects, objectsOf } from "../support/store-objects.ts";
import { tenantHome, type TenantHome } from "../support/tenant-home.ts";

const canary = "canary-7f3a-4411";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    `create function public.folded(v text) returns text language sql immutable as $$ select v $$;
     create function public.is_allowed(v text) returns boolean language sql immutable as $$ select true $$;
     create function public.told(v text) returns boolean language plpgsql immutable as $$begin return true; end$$;
     create table public.email (address text);
     create unique index email_folded on public.email (public.folded(address));
     insert into public.email values ('${canary}-A'), ('${canary}-B');
     create table public.guarded (note text check (public.is_allowed(note)));
     insert into public.guarded values ('${canary}-C');
     create table public.raising (note text check (public.told(note)));
     insert into public.raising values ('${canary}-D');
     create table public.plain (note text);
     insert into public.plain values ('${canary}-E');
     -- From here on the rows could not be written again: each way of failing quotes them.
     create or replace function public.folded(v text) returns text language sql immutable as $$ select left(v, 8) $$;
     create or replace function public.is_allowed(v text) returns boolean language sql immutable as $$ select false $$;
     create or replace function public.told(v text) returns boolean language plpgsql immutable as $$begin raise exception 'not %', v; end$$`,
  );
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  home.set(
    {
      "verification.assertions": [
        { name: "nobody hides", query: "select note from public.plain", expect: "nothing" },
        { name: "all are numbers", query: "select note::int from public.plain", expect: "1" },
      ],
    },
    "plans/standard.yaml",
  );
  await home.json(["backup", "acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("a verification that meets constraint violations full of rows", () => {
  it("refutes the copy and prints none of them, as JSON nor as text", async () => {
    const json = await home.run(["verify", "acme", "--store", "one", "--json"], {
      env: { HOLDFAST_DEBUG: "1" },
    });
    const text = await home.run(["verify", "acme", "--store", "one"]);
    expect([json.exit, text.exit]).toEqual([3, 3]);
    for (const { stdout, stderr } of [json, text]) expect(stdout + stderr).not.toContain("canary");
    const [report] = z
      .array(
        z.object({
          checks: z.array(z.object({ findings: z.array(z.object({ sqlState: z.string().optional() })) })),
        }),
      )
      .parse(JSON.parse(json.stdout));
    const states = report?.checks.flatMap(({ findings }) => findings.map(({ sqlState }) => sqlState));
    for (const state of ["23505", "23514", "P0001", "22P02"]) expect(states).toContain(state);
  });

  it("leaves none of them in what lies open in a store, nor under any name there", () => {
    for (const name of ["one", "two"] as const) {
      const store = home.store(name);
      const keys = allObjects(store);
      expect(keys.join("\n")).not.toContain("canary");
      for (const key of keys) expect(readFileSync(join(store, key)).includes("canary")).toBe(false);
      for (const proof of objectsOf(store, "acme", "proof")) {
        const payload = JSON.stringify(payloadOf(join(store, proof)));
        expect(payload).toContain('"refuted"');
        expect(payload).not.toMatch(/canary|email|guarded|raising/);
      }
    }
  });
});

describe("a restore that meets them", () => {
  it("exits 3, tells the restorer what could not be restored, and says none of it on standard error", async () => {
    const args = ["--to", urlOf(server, "back"), "--allow-unproven", "--reason", "what is left", "--json"];
    const backup = objectsOf(home.store("one"), "acme", "record")[0]?.split("/")[3] ?? "";
    const ended = await home.run(["restore", "acme", "--store", "two", "--backup", backup, ...args]);
    expect(ended.exit).toBe(3);
    expect(ended.stderr).not.toContain("canary");
    expect(JSON.parse(ended.stdout)).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ subject: "TABLE DATA public.guarded" })]),
    });
  });
});
