/** Tenants that many have are never accused: the ERP of the bench, and pgbench. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { measured, tried } from "../support/challenged.ts";
import {
  createDatabase,
  environmentOf,
  psql,
  startTestServer,
  testWait,
} from "../support/postgres-server.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it("the ERP of the bench, at a fiftieth, is proven", async () => {
  const erp = await readFile(join(import.meta.dirname, "../../bench/erp.sql"), "utf8");
  await createDatabase(server, "erp");
  await psql(server, "erp", erp.replaceAll(":scale", "1/50"));
  const { verdict } = await tried((await measured(server, "erp")).image);
  expect(verdict).toBe("proven");
});

it("pgbench is proven", async () => {
  await createDatabase(server, "pgbench");
  const env = environmentOf(server, "pgbench");
  const args = ["-i", "-s", "1", "--foreign-keys"];
  await run({ file: join(server.binFolder, "pgbench"), args, env }, testWait());
  const { verdict } = await tried((await measured(server, "pgbench")).image);
  expect(verdict).toBe("proven");
});
