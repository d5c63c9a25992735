/** A reload puts in force what the files say now, leaves what runs alone, and takes no limits twice. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sourceName, storeName } from "../../src/model/ids.ts";
import { someRecipient } from "../support/config-folder.ts";
import { type HouseholdHome, householdHome } from "../support/household-home.ts";

const yaml = `
version: 1
stores:
  one: { driver: directory, path: ./one, location: { jurisdiction: AE } }
keys:
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  trusted: [{ key: file:./signing.pub.jwk, may: [record] }]
sources:
  main: { url: "postgres://h@host-a/postgres" }
`;

const wait = { signal: new AbortController().signal };

const home = (lastLeaseMs: number): Promise<HouseholdHome> => householdHome(yaml, lastLeaseMs);

const longMs = 60_000;
const main = sourceName.parse("main");
const one = storeName.parse("one");

it("works with the server that a source was moved to", async () => {
  await using at = await home(longMs);
  await writeFile(at.folder.path, yaml.replace("host-a", "host-b"));
  expect(await at.household.reload({ evenIfSame: false })).toEqual(["sources.main.url"]);
  const url = at.household.current().config.sources.get(main)?.url;
  expect(await url?.reveal()).toBe("postgres://h@host-b/postgres");
});

it("keeps what is in force when nothing changed, unless it is told to begin anew", async () => {
  await using at = await home(longMs);
  const { desk } = at.household.current();
  expect(await at.household.reload({ evenIfSame: false })).toBeNull();
  expect(at.household.current().desk).toBe(desk);
  expect(await at.household.reload({ evenIfSame: true })).toEqual([]);
  expect(at.household.current().desk).not.toBe(desk);
});

it("reads anew the keys that were rotated in their files", async () => {
  await using at = await home(longMs);
  await writeFile(join(at.folder.folder, "signing.pub.jwk"), "another key");
  expect(await at.household.reload({ evenIfSame: false })).toEqual(["keys.trusted.0.key"]);
});

it("leaves all as it was when the new configuration is wrong", async () => {
  await using at = await home(longMs);
  const before = at.household.current();
  await writeFile(at.folder.path, "version: 2\n");
  await expect(at.household.reload({ evenIfSame: true })).rejects.toThrow("version");
  expect(at.household.current()).toBe(before);
});

it("gives all generations the same threads, budgets and rates, with the limits of the newest", async () => {
  await using at = await home(longMs);
  using lease = at.household.lease();
  const { desk } = lease.generation;
  await writeFile(at.folder.path, `${yaml}limits: { inFlightBytes: 67108864, sealWorkers: 1 }\n`);
  await at.household.reload({ evenIfSame: false });
  const now = at.household.current().desk;
  expect(now).not.toBe(desk);
  expect(now.sealing()).toBe(desk.sealing());
  expect(now.inFlight).toBe(desk.inFlight);
  expect(now.scrubRate(one)).toBe(desk.scrubRate(one));
  const whole = await desk.inFlight.take(Number.POSITIVE_INFINITY, wait);
  const next = now.inFlight.take(67_108_864 / 4, wait);
  whole();
  (await next)();
});

it("seals on with what a job began with, though an earlier job has ended and the configuration is another", async () => {
  await using at = await home(longMs);
  at.household.lease()[Symbol.dispose]();
  using lease = at.household.lease();
  const sealing = lease.generation.desk.sealing();
  await at.household.reload({ evenIfSame: true });
  const sealed = await sealing.sealDocument(Buffer.from("words"), [someRecipient], 3, wait);
  expect(sealed.body.length).toBeGreaterThan(0);
});

it("ends though a job hangs, and tells so", async () => {
  const at = await home(20);
  at.household.lease();
  await at.household.reload({ evenIfSame: true });
  at.household.lease();
  await at[Symbol.asyncDispose]();
  expect(at.said.join("")).toContain("work that hangs");
});
