/** `holdfast observe` with what it is meant to have: folders it only reads, and the public keys of others. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../src/config/load-config.ts";
import { type ConfigFolder } from "../support/config-folder.ts";
import { saidHere } from "../support/holdfast-here.ts";
import { type OnlookerHome, onlookerHome, onlookerYaml } from "../support/onlooker-home.ts";
import { type House, rows } from "../support/repository-fixture.ts";

/** Neither identity nor signing key, and a source that nobody could connect to: its secret is not there. */
const yaml = onlookerYaml({ catalog: "env:NO_SUCH_CATALOG" });

let looking: OnlookerHome;
let house: House;
let home: ConfigFolder;
const place = (name: string): string => join(home.folder, name);

beforeAll(async () => {
  looking = await onlookerHome(yaml);
  ({ house, home } = looking);
  const { stores } = looking;
  for (const kind of ["daily", "weekly"] as const)
    await house.backUp(
      stores,
      { schema: "create table t ()", "tables-1": rows(1, 3000) },
      { order: { kind } },
    );
}, 60_000);

afterAll(async () => {
  await looking[Symbol.asyncDispose]();
});

/** Every file and folder with the time of its last change; a file that comes and goes changes its folder. */
async function timesIn(folder: string): Promise<Readonly<Record<string, number>>> {
  const paths = ["", ...(await readdir(folder, { recursive: true }))].toSorted();
  const times = paths.map(async (path) => [path, (await lstat(join(folder, path))).ctimeMs] as const);
  return Object.fromEntries(await Promise.all(times));
}

describe("observe --once", () => {
  it("tells how tenants stand, asks no catalog and no source, and writes nothing", async () => {
    const before = await timesIn(home.folder);
    const { exit, stdout, stderr } = await saidHere(["observe", "--once", "--json"], {}, home.folder);
    expect(stderr).toBe("");
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [],
      stores: [
        { store: "one", up: true, clockAheadSeconds: null },
        { store: "two", up: true, clockAheadSeconds: null },
      ],
      tenants: [{ tenant: "acme", copies: 2, copiesRequired: 2, breaches: [], recoveryPoint: null }],
    });
    expect(await timesIn(home.folder)).toEqual(before);
  });

  it("ends with 3 and names what it found", async () => {
    const paths = await readdir(place("two"), { recursive: true });
    const path = join(place("two"), paths.find((one) => one.includes("manifest")) ?? "");
    await rename(path, `${path}-away`);
    const { exit, stdout } = await saidHere(["observe", "--once"], {}, home.folder);
    await rename(`${path}-away`, path);
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^refuted +acme +two +1 +tenants\/acme\/backups\/\S+\/manifest\.age is missing$/m);
  });

  it("ends with 4 when a store is away, and with 1 when all are", async () => {
    await rename(place("two"), place("two-away"));
    const one = await saidHere(["observe", "--once"], {}, home.folder);
    await rename(place("one"), place("one-away"));
    const none = await saidHere(["observe", "--once", "--json"], {}, home.folder);
    await rename(place("one-away"), place("one"));
    await rename(place("two-away"), place("two"));
    expect(one.exit).toBe(4);
    expect(one.stderr).toContain("warning: two: the folder");
    expect(one.stdout).toContain("nothing is amiss");
    expect(none.exit).toBe(1);
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: "store/quorum" } });
  });

  it.each([
    [["--once", "--every", "5m"], "--once makes one pass"],
    [["--every", "often"], "--every is often, and must be a duration"],
    [["--listen", "9751"], "--listen is 9751, and must be an address and a port"],
  ])("refuses %j", async (args, why) => {
    const { exit, stderr } = await saidHere(["observe", ...args], {}, home.folder);
    expect(exit).toBe(2);
    expect(stderr).toContain(why);
  });
});

describe("an observer's file", () => {
  const configured = async (text: string): Promise<Awaited<ReturnType<typeof saidHere>>> => {
    await writeFile(place("other.yaml"), text);
    return saidHere(["observe", "--once", "--config", "other.yaml"], {}, home.folder);
  };

  it("without recipients and sources is enough, and is refused by `config check`", async () => {
    const bare = yaml.replace(/  verifiers:[^]*?(?=  trusted:)/, "").replace(/sources:[^]*?(?=tenants:)/, "");
    expect(await configured(bare)).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/acme +\S+ +2 of 2/),
    });
    const strict = await saidHere(["config", "check", "--config", "other.yaml"], {}, home.folder);
    expect(strict.exit).toBe(2);
    expect(strict.stderr).toContain("sources: is missing");
  });

  it("that names no plan for what lies in the stores is told so, and never that all is well", async () => {
    const { exit, stdout } = await configured(yaml.replace(/tenants:[^]*/, "tenants: {}\n"));
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^tenant-unplanned +1 +acme: no plan is known for it here/m);
    expect(stdout).toMatch(/^acme +\S+ +2 of \?/m);
  });

  it("is shown by `--help` and by docs/cli-json.md as it may be written", async () => {
    const { stdout: help } = await saidHere(["observe", "--help"], {}, home.folder);
    const docs = await readFile(resolve(import.meta.dirname, "../../docs/cli-json.md"), "utf8");
    for (const text of [help, /## `observe`[^]*?```yaml\n([^]*?)```/.exec(docs)?.[1] ?? ""]) {
      await writeFile(place("other.yaml"), text.slice(text.indexOf("version: 1")));
      const config = await loadConfig(place("other.yaml"), {}, { observer: true });
      expect([...config.tenants.keys(), config.discover.length]).toEqual(["acme", 1]);
    }
  });
});

describe("observe", () => {
  it("answers scrapes until it is told to end", async () => {
    const main = resolve(import.meta.dirname, "../../src/main.ts");
    const args = [main, "observe", "--listen", "127.0.0.1:0", "--every", "1s"];
    const child = spawn(process.execPath, args, { cwd: home.folder, stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "close");
    try {
      let text = "";
      for await (const line of createInterface({ input: child.stderr })) {
        const { address } = z.object({ address: z.string() }).parse(JSON.parse(line));
        while (!(await fetch(`${address}/readyz`)).ok);
        text = await (await fetch(`${address}/metrics`)).text();
        break;
      }
      expect(text).toContain('holdfast_copies{tenant="acme"} 2');
      expect(text).toContain('holdfast_store_up{store="two"} 1');
      expect(text).toContain('holdfast_observer_findings{finding="missed-window"} 0');
      expect(text).toContain('holdfast_observer_findings{finding="tenant-unplanned"} 0');
    } finally {
      child.kill("SIGTERM");
    }
    await ended;
    expect(child.exitCode).toBe(0);
  });
});
