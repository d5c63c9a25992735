/** What is kept of compiling lies where nobody else can write, or nothing is kept. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
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

/** Runs the program with that home. */
function runAt(home: string, cacheHome?: string): void {
  const { NODE_COMPILE_CACHE: _ours, XDG_CACHE_HOME: _caches, ...rest } = process.env;
  const env = { ...rest, HOME: home, ...(cacheHome === undefined ? {} : { XDG_CACHE_HOME: cacheHome }) };
  execFileSync(process.execPath, [main, "--version"], { env });
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

  it("is nothing where the system lets nobody make a folder, and looks no longer for a place", () => {
    expect(() => {
      runAt(caches, "/proc/self");
    }).not.toThrow();
  });

  it("is nothing where somebody else could exchange the folder, or one above it", () => {
    const own = join(caches, "exchangeable", "caches", "holdfast");
    mkdirSync(own, { recursive: true, mode: 0o700 });
    chmodSync(join(caches, "exchangeable"), 0o777);
    expect(readdirSync(runIn("exchangeable/caches"))).toEqual([]);
    // In which nobody may rename what is another's.
    chmodSync(join(caches, "exchangeable"), 0o1777);
    expect(readdirSync(runIn("exchangeable/caches"))).not.toEqual([]);
    // But what is not there yet anybody may make there first.
    expect(existsSync(runIn("exchangeable/new"))).toBe(false);
  });

  it("lies below the home, unless that is another's", () => {
    const home = join(caches, "home");
    mkdirSync(home, { mode: 0o700 });
    runAt(home);
    expect(readdirSync(join(home, ".cache", "holdfast"))).not.toEqual([]);
    runAt(join(caches, "no-home"));
    expect(existsSync(join(caches, "no-home"))).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)("is nothing when root runs in another's home", () => {
    const home = join(caches, "bob");
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, 4711, 4711);
    runAt(home);
    expect(readdirSync(home)).toEqual([]);
    // A folder of root's own does not help, since bob may rename what is above it.
    mkdirSync(join(home, ".cache", "holdfast"), { recursive: true, mode: 0o700 });
    runAt(home);
    chownSync(join(home, ".cache"), 4711, 4711);
    runAt(home, join(home, ".cache"));
    expect(readdirSync(join(home, ".cache", "holdfast"))).toEqual([]);
  });

  it("is nothing where no folder can be made, and the program runs all the same", () => {
    const file = "/dev/null/caches";
    const { NODE_COMPILE_CACHE: _ours, ...env } = process.env;
    execFileSync(process.execPath, [main, "--version"], { env: { ...env, XDG_CACHE_HOME: file } });
    expect(existsSync(file)).toBe(false);
  });
});
