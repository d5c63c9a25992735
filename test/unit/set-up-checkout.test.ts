/** In a checkout, where the shipped plans lie in place, `init` is the second command a newcomer gives. */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { setUp } from "../../src/cli/set-up/set-up.ts";
import { planName } from "../../src/model/ids.ts";
import { testWait } from "../support/postgres-server.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-checkout-"));
  await cp(resolve(import.meta.dirname, "../../plans"), join(folder, "plans"), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const machine = (packageFolder: string): Parameters<typeof setUp>[1] => ({
  clock: systemClock,
  chance: systemChance,
  monotonicMs: () => performance.now(),
  env: {},
  cwd: folder,
  version: "0",
  packageFolder,
  hostName: "here",
  uid: -1,
});

const wish = { source: "env:HOLDFAST_SOURCE_URL", tenants: [], plan: planName.parse("standard") };

it("refuses the plans of somebody else, and takes those of the checkout as they are", async () => {
  const elsewhere = resolve(import.meta.dirname, "../..");
  await expect(setUp({ folder, ...wish }, machine(elsewhere), testWait())).rejects.toMatchObject({
    code: "usage/invalid",
    message: expect.stringContaining("holds plans already"),
  });
  expect(await readdir(folder)).toEqual(["plans"]);
  const done = await setUp({ folder, ...wish }, machine(folder), testWait());
  expect(done.plans).toBe(join(folder, "plans"));
  expect((await readdir(folder)).sort()).toEqual(["holdfast.yaml", "keys", "plans", "stores"]);
});
