/** What is kept of compiling lies where nobody else can write, or nothing is kept. */
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = resolve(import.meta.dirname, "../../src/main.ts");
let caches: string;

beforeAll(async () => {
  caches = await mkdtemp(join(tmpdir(), "holdfast-keep-compiled-"));
});

afterAll(async () => {
  await rm(caches, { recursive: true, force: true });
});

/** Runs the program with its folder for caches below `name`, and returns that folder. */
function runIn(name: string): string {
  const { NODE_COMPILE_CACHE: _ours, ...env } = process.env;
  const home = join(caches, name);
  const said = execFileSync(process.execPath, [main, "--version"], {
    env: { ...env, XDG_CACHE_HOME: home },
    encoding: "utf8",
  });
  expect(said).toMatch(/^\d+\.\d+\.\d+/);
  return join(home, "holdfast");
}

describe("what is kept of compiling", () => {
  it("lies in a folder of the user's own, closed to others", () => {
    const folder = runIn("new");
    expect(readdirSync(folder)).not.toEqual([]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("is nothing where others may write, or a link stands in its place", () => {
    const open = join(caches, "open", "holdfast");
    mkdirSync(open, { recursive: true });
    chmodSync(open, 0o777);
    expect(readdirSync(runIn("open"))).toEqual([]);

    const elsewhere = join(caches, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    mkdirSync(join(caches, "linked"));
    symlinkSync(elsewhere, join(caches, "linked", "holdfast"));
    runIn("linked");
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it("is nothing where no folder can be made, and the program runs all the same", () => {
    const file = "/dev/null/caches";
    const { NODE_COMPILE_CACHE: _ours, ...env } = process.env;
    execFileSync(process.execPath, [main, "--version"], { env: { ...env, XDG_CACHE_HOME: file } });
    expect(existsSync(file)).toBe(false);
  });
});
