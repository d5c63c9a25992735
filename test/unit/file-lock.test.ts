/** A lock that nobody waits for any more is held by nobody, be it that it was got at that very moment. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { fileLock } from "../../src/postgres/server/file-lock.ts";
import { until } from "../support/until.ts";

let folder: string;
const path = process.env["PATH"];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
});
afterEach(async () => {
  process.env["PATH"] = path;
  await rm(folder, { recursive: true });
});

const contentOf = (name: string): Promise<string | null> =>
  readFile(join(folder, name), "utf8").catch(() => null);

it("ends with who waited for it, together with the program that has it and has not said so yet", async () => {
  // The lock is got, and what it is got for is started; that it is held is not said.
  const flock = `#!/bin/sh\n(echo got > ${folder}/got; cat; echo over > ${folder}/over)\ntrue\n`;
  await writeFile(join(folder, "flock"), flock);
  await chmod(join(folder, "flock"), 0o755);
  process.env["PATH"] = `${folder}:${path ?? ""}`;
  const tired = new AbortController();
  const waiting = fileLock(join(folder, "lock"), tired).catch((error: unknown) => error);
  await until("it is got", () => contentOf("got"));
  tired.abort(new Failure("wait/cancelled", "nobody waits any more"));
  expect(await waiting).toMatchObject({ code: "wait/cancelled" });
  expect(await until("its end", () => contentOf("over"))).toBe("over\n");
});

it("whose file cannot be opened is told as the catalog's, not as a mistake of ours", async () => {
  const nowhere = join(folder, "gone", "lock");
  await expect(fileLock(nowhere, { signal: new AbortController().signal })).rejects.toMatchObject({
    code: "catalog/failed",
    message: expect.stringContaining("ENOENT") as unknown,
  });
});
