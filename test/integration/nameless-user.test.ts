/** A number that no user has, such as a container is told to run as, makes scratch servers all the same. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import { testBinFolder, testWait } from "../support/postgres-server.ts";

const wait = testWait(60_000);
const program = resolve(import.meta.dirname, "../../src/postgres/server/init-cluster.ts");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-nameless-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Makes a cluster as somebody without a name; what it failed with, or nothing. */
async function initAsNobody(path: string): Promise<string> {
  const cluster = {
    binFolder: testBinFolder(),
    folder,
    user: "u",
    password: "p",
    encoding: "UTF8",
    locale: "C",
    sync: false,
  };
  const making = `
    const { initCluster } = await import(${JSON.stringify(program)});
    await initCluster(${JSON.stringify(cluster)}, { signal: new AbortController().signal }).catch(({ code, message, hint }) => {
      process.stdout.write([code, message, hint].join("; "));
    });`;
  const nameless = ["--user", "--map-user=54321", "--map-group=54321", "--"];
  const args = [...nameless, process.execPath, "--input-type=module", "-e", making];
  const { stdout } = await run({ file: "/usr/bin/unshare", args, env: { PATH: path } }, wait);
  return stdout.toString("utf8");
}

it("is told where the kernel lends it no name", async () => {
  expect(await initAsNobody("/nowhere")).toMatch(
    /^scratch\/start; the user 54321 that holdfast runs as has no entry in \/etc\/passwd; PostgreSQL needs one/,
  );
  expect(existsSync(join(folder, "data"))).toBe(false);
});

it("is lent a name for it", async () => {
  expect(await initAsNobody(process.env["PATH"] ?? "")).toBe("");
  expect(existsSync(join(folder, "data", "PG_VERSION"))).toBe(true);
});
