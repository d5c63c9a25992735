/**
 * Two tenants that are schemas of one database are backed up while somebody writes beside them, proven
 * from each copy and restored each into a database of its own, without anything of the neighbour's.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import { cornerCases, sharedTenants } from "../corner/corner-cases.ts";
import { startWriter } from "../support/concurrent-writer.ts";
import { holdfastHere } from "../support/holdfast-here.ts";
import { differences } from "../support/independent-comparison.ts";
import { placeOf } from "../support/independent-place.ts";
import { psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { passableFolder } from "../support/passable-folder.ts";

const database = "shared-schemas";
const tenants: Readonly<Record<string, readonly string[]>> = {
  "shared-a": sharedTenants.a,
  "shared-b": sharedTenants.b,
};
const proofs = z.array(z.object({ store: z.string(), verdict: z.string() }));
const doctors = z.object({
  examinations: z.array(z.object({ subject: z.string(), outcome: z.string(), detail: z.string() })),
});

describe("tenants that are schemas of one database", () => {
  let source: PrivateServer;
  let target: PrivateServer;
  let home: string;

  beforeAll(async () => {
    [source, target] = await Promise.all([
      startTestServer(cornerServerSettings),
      startTestServer(cornerServerSettings),
    ]);
    home = await passableFolder("holdfast-shared-");
    const corner = cornerCases.find(({ name }) => name === database);
    if (corner === undefined) throw new Error("the corner case of shared schemas is gone");
    await buildCornerCase(source, corner);
    await psql(source, database, outsider);
    await command("init", home, "--tenant", "shared-a", "--tenant", "shared-b", "--tenant", "outsider");
    await nameSchemas(join(home, "holdfast.yaml"), { ...tenants, outsider: ["outsider"] });
    await using writer = await startWriter(placeOf(source, database), { seed: 20_261_122 });
    await writer.progress(5);
    await command(...config(), "backup", ...Object.keys(tenants));
    await writer.progress(1);
    await writer.stop();
  });

  afterAll(async () => {
    await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
    await rm(home, { recursive: true, force: true });
  });

  function config(): string[] {
    return ["--config", join(home, "holdfast.yaml")];
  }

  function environment(): Record<string, string> {
    return { HOLDFAST_SOURCE_URL: urlOf(source, "postgres") };
  }

  function command(...words: readonly string[]): Promise<unknown> {
    return holdfastHere(words, environment());
  }

  it.for(Object.entries(tenants))("%s comes back whole and alone", async ([tenant, schemas]) => {
    const verified = proofs.parse(await command(...config(), "verify", tenant, "--store", "all"));
    expect(verified.map(({ store, verdict }) => `${store} ${verdict}`).sort()).toEqual([
      "one proven",
      "two proven",
    ]);
    await command(...config(), "restore", tenant, "--to", urlOf(target, tenant));
    const [was, is] = [placeOf(source, database), placeOf(target, tenant)];
    expect(await differences(was, is, { schemas })).toEqual([]);
    const found = await psql(
      target,
      tenant,
      "select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1",
    );
    expect(found.split("\n")).toEqual([...schemas].sort());
    expect(await largeObjects(target, tenant)).toEqual(
      (await largeObjects(source, database)).filter((line) => line.startsWith(`${String(files[tenant])} `)),
    );
  });

  it("are told before the first backup when they cannot stand alone, and are never called proven", async () => {
    const { examinations } = doctors.parse(await command(...config(), "doctor"));
    expect(examinations.filter(({ subject }) => subject.endsWith("proof: schemas"))).toMatchObject([
      { subject: "shared-a proof: schemas", outcome: "passed" },
      { subject: "shared-b proof: schemas", outcome: "passed" },
      {
        subject: "outsider proof: schemas",
        outcome: "warned",
        detail: expect.stringContaining("type tenant_a.state"),
      },
    ]);
    await command(...config(), "backup", "outsider");
    const words = [...config(), "verify", "outsider", "--store", "one"];
    const [proof] = proofs.parse(await holdfastHere(words, environment(), 1));
    expect(proof).toMatchObject({ verdict: "inconclusive" });
  });
});

/** The large object that a column of the tenant names; the others are nobody's, and are not copied. */
const files: Readonly<Record<string, number>> = { "shared-a": 770_001, "shared-b": 770_003 };

async function largeObjects(server: PrivateServer, name: string): Promise<string[]> {
  const lines = await psql(
    server,
    name,
    `select format('%s %s %s %s', oid, lomowner::regrole, obj_description(oid, 'pg_largeobject'), encode(lo_get(oid), 'hex'))
       from pg_largeobject_metadata order by oid`,
  );
  return lines.split("\n");
}

/** A tenant that cannot stand alone: its table needs a type of somebody else's. */
const outsider = `
  create schema outsider;
  create table outsider.borrowed (state tenant_a.state);
  insert into outsider.borrowed values ('open');
`;

/** Makes the tenants, whose databases have their names after `init`, schemas of the shared one. */
async function nameSchemas(
  path: string,
  schemas: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const document = parseDocument(await readFile(path, "utf8"));
  for (const [tenant, names] of Object.entries(schemas)) {
    document.setIn(["tenants", tenant, "database"], database);
    document.setIn(["tenants", tenant, "schemas"], names);
  }
  await writeFile(path, document.toString());
}
