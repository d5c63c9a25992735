/** The schema archive is judged by its own bytes, and by its text only as far as the release of pg_restore allows (trap 14). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { Budget } from "../../src/base/limit.ts";
import type { CheckResult } from "../../src/model/check.ts";
import type { Fingerprint } from "../../src/model/fingerprint.ts";
import { checkArchive } from "../../src/postgres/compare/archive.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms, type Programs } from "../../src/postgres/server/programs.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

let source: PrivateServer;
let image: Image;
let programs: Programs;

beforeAll(async () => {
  source = await startTestServer();
  await createDatabase(source, "archived");
  await psql(source, "archived", "create table t (id int primary key, note text)");
  image = memoryImage(await backupOf(source, "archived"));
  programs = await findPrograms([source.binFolder], null, testWait());
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
});

const otherText = { bytes: 1, sha256: "0".repeat(64) };
type Schema = Partial<Fingerprint["schema"]>;

async function check(change: Schema, version = programs.version): Promise<CheckResult> {
  const { fingerprint } = image;
  const changed = { ...fingerprint, schema: { ...fingerprint.schema, ...change } };
  return checkArchive({
    restored: { side: "scratch", admin: source.address, twin: null },
    image,
    fingerprint: changed,
    options: {
      jobs: 1,
      programs: { ...programs, version },
      assertions: [],
      assertionLimitMs: 1,
      indexes: false,
      onlyTables: null,
      chance: systemChance,
    },
    reader: source.address,
    places: new Budget(1),
    wait: testWait(),
    asked: testWait(),
  });
}

describe("the schema archive of a copy", () => {
  it("passes when it is equal, whatever release reads it", async () => {
    expect(await check({})).toMatchObject({ outcome: "passed", compared: 1 });
    expect(await check({}, "15.99")).toMatchObject({ outcome: "passed", compared: 1 });
  });

  it("is refuted when its bytes are not those of the fingerprint, even under another release", async () => {
    expect(await check({ archive: otherText }, "15.99")).toMatchObject({ outcome: "failed" });
  });

  it("is refuted when the same release spells it otherwise", async () => {
    expect(await check({ text: otherText, archive: undefined })).toMatchObject({ outcome: "failed" });
    expect(await check({ text: otherText })).toMatchObject({ outcome: "failed" });
  });

  it("passes with the reason when another release spells equal bytes otherwise", async () => {
    const result = await check({ text: otherText }, "15.99");
    expect(result).toMatchObject({ outcome: "passed" });
    expect(result.detail).toContain("pg_restore 15.99 spells the archive otherwise than");
  });

  it("is not judged when another release spells it otherwise and the bytes are not known", async () => {
    expect(await check({ text: otherText, archive: undefined }, "15.99")).toMatchObject({
      outcome: "not-run",
      because: "machine",
    });
  });
});
