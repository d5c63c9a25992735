/** Every named damage of dump and load is found by a whole trial, and neither the usual tenants nor fifty made by chance are accused. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import { dataDamages } from "../../src/challenge/dump/data-damages.ts";
import { loadDamages } from "../../src/challenge/dump/load-damages.ts";
import { schemaDamages } from "../../src/challenge/dump/schema-damages.ts";
import { randomTenant } from "../../src/challenge/random/random-tenant.ts";
import { challengedTenant } from "../../src/challenge/tenant.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import {
  cloneSample,
  forgedImage,
  makeSample,
  measured,
  runSql,
  tried,
  type MeasuredTenant,
} from "../support/challenged.ts";
import { troubles } from "../support/round-trip.ts";
import {
  createDatabase,
  environmentOf,
  psql,
  startTestServer,
  testWait,
} from "../support/postgres-server.ts";

const database = "challenged";
const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
let server: PrivateServer;
let tenant: MeasuredTenant;

beforeAll(async () => {
  server = await startTestServer();
  await makeSample(server, challengedTenant, "pristine");
  await cloneSample(server, challengedTenant, "pristine", database);
  tenant = await measured(server, database);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("a backup as if the dump had been wrong is refuted", () => {
  it.each([...dataDamages, ...schemaDamages])("$name: $title", async (damage) => {
    await runSql(server, "postgres", [`drop database ${database} with (force)`]);
    await cloneSample(server, challengedTenant, "pristine", database);
    await runSql(server, database, damage.statements);
    const { verdict } = await tried(await forgedImage(server, database, damage, tenant.original));
    expect(verdict).toBe("refuted");
  });
});

describe("a load that went wrong is refuted", () => {
  it.each(loadDamages)("$name: $title", async ({ altered }) => {
    const { verdict } = await tried(tenant.image, altered);
    expect(verdict).toBe("refuted");
  });
});

describe("a tenant that many have is proven", () => {
  it("the ERP of the bench, at a fiftieth", async () => {
    const erp = await readFile(join(import.meta.dirname, "../../bench/erp.sql"), "utf8");
    await createDatabase(server, "erp");
    await psql(server, "erp", erp.replaceAll(":scale", "1/50"));
    const { verdict } = await tried((await measured(server, "erp")).image);
    expect(verdict).toBe("proven");
  });

  it("pgbench", async () => {
    await createDatabase(server, "pgbench");
    const env = environmentOf(server, "pgbench");
    const args = ["-i", "-s", "1", "--foreign-keys"];
    await run({ file: join(server.binFolder, "pgbench"), args, env }, testWait());
    const { verdict } = await tried((await measured(server, "pgbench")).image);
    expect(verdict).toBe("proven");
  });
});

describe("a tenant made by chance is proven", () => {
  it.each(seeds)("seed %i", async (seed) => {
    await makeSample(server, randomTenant(seed), "random");
    const { image } = await measured(server, "random");
    const { verdict, checks } = await tried(image);
    await runSql(server, "postgres", ["drop database random with (force)"]);
    expect({ verdict, troubles: troubles(checks) }).toEqual({ verdict: "proven", troubles: [] });
  });
});
