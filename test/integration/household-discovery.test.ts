/** Which tenants a host has, while sources answer, fall silent and come back, and rules change. */
import { writeFile } from "node:fs/promises";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { tenantId } from "../../src/model/ids.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { someRecipient } from "../support/config-folder.ts";
import { type HouseholdHome, householdHome } from "../support/household-home.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";

const wait = testWait();
const longMs = 60_000;
const [acme, bravo, cargo, fixed] = ["east-acme", "west-bravo", "west-cargo", "fixed"].map((id) =>
  tenantId.parse(id),
);

let server: PrivateServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const role of ["east", "west"])
    await psql(server, "postgres", `create role ${role} login password '${role}'`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const name of ["east_acme", "west_bravo", "west_cargo"])
    await psql(server, "postgres", `drop database if exists ${name}`);
  for (const name of ["east_acme", "west_bravo"]) await createDatabase(server, name);
  await answers("west", true);
});

/** A source is silent when its login is refused. */
async function answers(role: "east" | "west", does: boolean): Promise<void> {
  await psql(server, "postgres", `alter role ${role} ${does ? "login" : "nologin"}`);
}

const rule = (side: "east" | "west"): string =>
  `  - { source: ${side}, databases: "${side}_*", plan: standard }\n`;

function yamlWith(...rules: readonly string[]): string {
  return `
version: 1
stores:
  one: { driver: directory, path: ./one, location: { jurisdiction: AE, latitude: 25, longitude: 55 } }
  two: { driver: directory, path: ./two, location: { jurisdiction: DE, latitude: 50, longitude: 8 } }
keys:
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  trusted: [{ key: file:./signing.pub.jwk, may: [record] }]
sources:
  east: { url: file:./east }
  west: { url: file:./west }
tenants:
  fixed: { source: west, database: fixed, plan: standard }
discover:
${rules.join("")}`;
}

async function home(...rules: readonly string[]): Promise<HouseholdHome> {
  const url = (side: string): string => urlOf(server, "postgres", { user: side, password: side });
  return householdHome(yamlWith(...rules), longMs, { east: url("east"), west: url("west") });
}

const tenantsOf = ({ household }: HouseholdHome): readonly string[] =>
  [...household.current().tenants.keys()].toSorted();

it("keeps those of a source that falls silent, and is sure only once every source has answered", async () => {
  await answers("west", false);
  await using at = await home(rule("east"), rule("west"));
  expect(at.household.isSure()).toBe(false);
  expect(await at.household.discover(wait)).toMatchObject({
    came: [acme],
    went: [],
    unreachable: [{ source: "west" }],
  });
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[acme, fixed], false]);
  await answers("west", true);
  expect(await at.household.discover(wait)).toMatchObject({ came: [bravo], went: [], unreachable: [] });
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[acme, fixed, bravo], true]);
  await answers("west", false);
  await psql(server, "postgres", "drop database east_acme");
  expect(await at.household.discover(wait)).toMatchObject({ came: [], went: [acme] });
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[fixed, bravo], true]);
});

it("keeps those that the new rules still make after a reload, and is not sure until it has asked again", async () => {
  await using at = await home(rule("east"), rule("west"));
  await at.household.discover(wait);
  await createDatabase(server, "west_cargo");
  await writeFile(at.folder.path, yamlWith(rule("west")));
  await at.household.reload({ evenIfSame: false });
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[fixed, bravo], false]);
  expect(await at.household.discover(wait)).toMatchObject({ came: [cargo], went: [] });
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[fixed, bravo, cargo], true]);
});

it("goes by the rules that came into force while the sources were asked", async () => {
  await using at = await home(rule("east"), rule("west"));
  await writeFile(at.folder.path, yamlWith(rule("west")));
  const blocker = new Client({ connectionString: urlOf(server, "postgres") });
  await blocker.connect();
  await blocker.query("begin; lock table pg_catalog.pg_database in access exclusive mode");
  const asked = at.household.discover(wait);
  await at.household.reload({ evenIfSame: false });
  await blocker.end();
  await asked;
  expect([tenantsOf(at), at.household.isSure()]).toEqual([[fixed], false]);
});
