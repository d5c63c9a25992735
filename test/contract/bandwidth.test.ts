/** A store that the configuration slows down is slow, in its hours; the others are not. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { openMeans } from "../../src/desk/means.ts";
import { openStores } from "../../src/desk/open-stores.ts";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { configFolder, someRecipient } from "../support/config-folder.ts";

const wait = { signal: new AbortController().signal };

const yaml = `
version: 1
stores:
  slow: { driver: directory, path: ./slow, location: { jurisdiction: AE } }
  quick: { driver: directory, path: ./quick, location: { jurisdiction: AE } }
keys:
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  trusted: [{ key: file:./signing.pub.jwk, may: [record] }]
sources: {}
limits:
  bandwidth:
    - { stores: [slow], bytesPerSecond: 65536, hours: { from: "22:00", to: "06:00" }, timeZone: Asia/Dubai }
`;

it("holds between 22:00 and 06:00 in Dubai, for the store that the rule names", async () => {
  await using made = await configFolder(yaml);
  const clock = new ManualClock(new Date("2026-11-21T18:00:00Z"));
  const config = await loadConfig(made.path, {});
  await using means = openMeans(config.limits, clock);
  const stores = await openStores(config, means, {});
  const msFor = async (name: string, folder: string, bytes: number): Promise<number> => {
    const body = Buffer.alloc(bytes);
    const store = stores.get(storeName.parse(name));
    if (store === undefined) throw new Error(`no store ${name}`);
    const startedMs = performance.now();
    for (const part of ["1", "2", "3"])
      await store.create(objectKey.parse(`${folder}/${part}`), body, {}, wait);
    return performance.now() - startedMs;
  };
  for (const name of ["slow", "quick"]) await mkdir(join(made.folder, name));
  // The third waits until the first two are paid; a timer may come a moment early.
  expect(await msFor("slow", "night", 65_536 / 4)).toBeGreaterThan(490);
  // At that rate these would take half a minute.
  const large = 1024 * 1024;
  expect(await msFor("quick", "night", large)).toBeLessThan(10_000);
  clock.advance(12 * 3_600_000);
  expect(await msFor("slow", "day", large)).toBeLessThan(10_000);
});
