/** The bench's stores live by the clock they are given, and every request to them is counted. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { datedStore } from "../../bench/dated-store.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import { testWait } from "../support/postgres-server.ts";

const wait = testWait();
const at = new Date("2026-06-01T01:30:00Z");
const key = objectKey.parse("tenants/acme/backups/20260601T013000Z-aaaaaa/record.jws");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-dated-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("shows what it took with the time of its clock, and tells that time", async () => {
  const clock = new ManualClock(at);
  const requests: string[] = [];
  const plain = directoryStore({ name: storeName.parse("one"), path: folder });
  const store = datedStore(plain, folder, clock, (operation, times, bytes) =>
    requests.push(`${String(times)} ${operation} ${String(bytes)}`),
  );
  await store.create(key, Buffer.from("whole"), {}, wait);
  clock.advance(86_400_000);
  expect((await store.stat(key, wait))?.modifiedAt).toEqual(at);
  for await (const { modifiedAt } of store.list("tenants/acme/", wait)) expect(modifiedAt).toEqual(at);
  expect(await store.clock(wait)).toEqual(clock.now());
  expect(requests).toEqual(["1 create 5", "1 stat 0", "1 list 0", "1 clock 0"]);
});
