/** What people see when stores are gone, lie, or are one place: never silence that looks like health (promises 1, 2 and 7). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner } from "../../src/keys/signing.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { tenantHome, type TenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;
let backup: string;

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ["acme", "grave"]) {
    await createDatabase(server, name);
    await psql(server, name, "create table invoice as select g as id from generate_series(1, 100) g");
  }
  home = await tenantHome(urlOf(server, "postgres"), ["acme", "grave"]);
  backup = idIn((await home.say(["backup", "acme", "--json"])).stdout);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function idIn(stdout: string): string {
  return /\d{8}T\d{6}Z-[a-z2-7]{6}/.exec(stdout)?.[0] ?? "";
}

async function away(...names: readonly ("one" | "two")[]): Promise<AsyncDisposable> {
  for (const name of names) await rename(home.store(name), `${home.store(name)}-away`);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const name of names) {
        await rm(home.store(name), { recursive: true, force: true });
        await rename(`${home.store(name)}-away`, home.store(name));
      }
    },
  };
}

describe("while no store answers", () => {
  const commands = (): readonly (readonly string[])[] => [
    ["list"],
    ["list", "acme"],
    ["tenants"],
    ["show", "acme", backup],
    ["verify", "acme"],
    ["restore", "acme", "--to", urlOf(server, "acme_again")],
  ];

  it("every command that asks them fails, exit 1, and says why", async () => {
    await using _gone = await away("one", "two");
    for (const args of commands()) {
      const ran = await home.say([...args, "--json"]);
      expect([args[0], ran.exit]).toEqual([args[0], 1]);
      expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: "store/quorum" } });
      expect(ran.stderr).toMatch(/^ {2}hint: is the volume mounted\?/m);
    }
  });

  it("nothing is said to be whole, and what helps all is told once", async () => {
    await using _gone = await away("one", "two");
    for (const [verb, said] of [
      ["heal", "nothing was healed\n"],
      ["replicate", "no copy was lacking in the stores that answered\n"],
    ] as const) {
      const ran = await home.say([verb]);
      expect(ran).toMatchObject({ exit: 1, stdout: said });
      const hints = ran.stderr.split("\n").filter((line) => line.startsWith("  hint: "));
      expect(hints).toEqual([expect.stringMatching(/is the volume mounted\?/)]);
    }
  });
});

describe("while one of two stores answers", () => {
  it("what is listed is incomplete, exit 4, and what is not found may lie in the other", async () => {
    await using _gone = await away("two");
    for (const args of [["list"], ["list", "acme"], ["tenants"], ["show", "acme", backup]]) {
      expect([args[0], (await home.say(args)).exit]).toEqual([args[0], 4]);
    }
    const unknown = await home.say(["show", "acme", "20000101T000000Z-aaaaaa"]);
    expect(unknown.stderr).toContain("of acme; not asked: two");
    const none = await home.say(["verify", "grave"]);
    expect(none.exit).toBe(5);
    expect(none.stderr).toContain("grave has no backup; not asked: two");
    const restore = await home.say(["restore", "grave", "--to", urlOf(server, "grave_again")]);
    expect(restore.stderr).toContain("there is no backup of grave; not asked: two");
  });

  it("people are not told that its copies are missing, which nobody knows", async () => {
    await using _gone = await away("two");
    const { stdout } = await home.say(["list", "acme"]);
    expect(stdout).toContain("two not known, it does not answer");
    expect(stdout).not.toContain("missing");
  });

  it("stores check calls the other one unreachable, exit 1, and not unsuitable", async () => {
    await using _gone = await away("two");
    const ran = await home.say(["stores", "check"]);
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toContain("two cannot be reached");
  });
});

describe("an empty folder in the place of a store", () => {
  it("is left empty, and told with what to do; the backup is degraded", async () => {
    await using _gone = await away("two");
    await mkdir(home.store("two"));
    const ran = await home.say(["backup", "acme"]);
    expect(ran.exit).toBe(4);
    const leftOut =
      "warning: acme: two is left out: two holds no holdfast.json, so nothing is written to it\n  hint: is its volume mounted? `holdfast stores check two` marks a new store\n";
    expect(ran.stderr).toContain(leftOut);
    expect(await readdir(home.store("two"))).toEqual([]);
    const replicated = await home.say(["replicate", "acme"]);
    expect([replicated.exit, replicated.stderr]).toEqual([4, expect.stringContaining(leftOut)]);
    expect((await home.say(["list", "acme"])).stderr).toContain("two: it holds no holdfast.json");
  });

  it("is a store once stores check has marked it; one that lost its mark is not marked anew", async () => {
    await using _gone = await away("two");
    await mkdir(home.store("two"));
    expect((await home.say(["stores", "check", "two"])).exit).toBe(0);
    expect((await home.say(["backup", "acme"])).exit).toBe(0);
    await rm(join(home.store("two"), "holdfast.json"));
    const again = await home.say(["stores", "check", "two"]);
    expect(again.exit).toBe(6);
    expect(again.stdout).toContain("two has lost its holdfast.json and holds tenants/acme/");
    expect(await readdir(home.store("two"))).not.toContain("holdfast.json");
  });
});

describe("a store that takes no proof", () => {
  it("is named with the reason; the other holds it", async () => {
    const folder = join(home.store("two"), "tenants", "acme", "proofs", backup);
    await mkdir(join(folder, ".."), { recursive: true });
    await writeFile(folder, "in the way");
    try {
      const ran = await home.say(["verify", "acme", "--backup", backup, "--store", "one", "--json"]);
      const [report] = JSON.parse(ran.stdout);
      expect(report).toMatchObject({
        verdict: "proven",
        proofIn: ["one"],
        unwritten: [expect.stringMatching(/^two: ./)],
      });
      expect(ran.stderr).toContain(`was written only to one, of 2 stores: ${report.unwritten[0]}\n`);
      expect(ran.exit).toBe(0);
    } finally {
      await rm(folder);
    }
  });
});

describe("one place under two names", () => {
  it("spelled otherwise is refused by the configuration", async () => {
    using _same = home.set({ "stores.two.path": join(home.folder, "stores", "one") });
    const ran = await home.say(["config", "check"]);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain("stores.two: is the same place as stores.one");
  });

  it("by a link is one copy, and doctor and stores check say so", async () => {
    await using _gone = await away("two");
    await symlink(home.store("one"), home.store("two"));
    const ran = await home.say(["backup", "acme"]);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain("two is the same place as one");
    const check = await home.say(["stores", "check"]);
    expect([check.exit, check.stdout]).toEqual([6, expect.stringContaining("two is the same place as one")]);
    const doctor = await home.say(["doctor"]);
    expect(doctor.stdout).toMatch(/failed +stores +two +two is the same place as one/);
    await rm(home.store("two"));
  });
});

describe("a store whose holdfast.json is junk", () => {
  it("hides no backup: the last surviving store is listed and restored from", async () => {
    await using _gone = await away("two");
    const descriptor = join(home.store("one"), "holdfast.json");
    const good = await readFile(descriptor);
    await writeFile(descriptor, "junk");
    try {
      const ran = await home.say(["list", "acme"]);
      expect(ran.stdout).toContain(backup);
      expect(ran.stderr).toContain("holdfast.json of one is not JSON, so no proof counts for its copies");
      const plan = ["restore", "acme", "--to", urlOf(server, "acme_again"), "--plan-only"];
      const unproven = [...plan, "--allow-unproven", "--reason", "the descriptor is junk"];
      expect((await home.say(unproven)).exit).toBe(0);
    } finally {
      await writeFile(descriptor, good);
    }
  });
});

describe("the newest backup that tenants tells of", () => {
  it("is one that counts: whole in as many stores as the quorum wants", async () => {
    const counted = idIn((await home.say(["backup", "acme", "--json"])).stdout);
    let newer: string;
    {
      await using _gone = await away("two");
      newer = idIn((await home.say(["backup", "acme", "--json"])).stdout);
    }
    using _quorum = home.set({ "copies.count": 2, "copies.quorum": 2 }, "plans/standard.yaml");
    const ran = await home.say(["tenants", "--json"]);
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      tenants: [
        {
          tenant: "acme",
          newestBackup: { backup: counted },
          notes: expect.arrayContaining([`${newer} does not count: whole in 1 of 2 stores`]),
        },
        { tenant: "grave" },
      ],
    });
  });
});

describe("an erased tenant", () => {
  it("is given no new keys, exit 6, and is told to be erased", async () => {
    const signer = await createSigner(await readFile(join(home.folder, "keys/signing.jwk"), "utf8"));
    const at = new Date().toISOString();
    const grave = { format: { name: "holdfast-erased", version: 1 }, tenant: "grave", at };
    await mkdir(join(home.store("one"), "tenants/grave"), { recursive: true });
    await writeFile(join(home.store("one"), "tenants/grave/erased.jws"), await signer.sign("removal", grave));
    const ran = await home.say(["keys", "rotate", "grave"]);
    expect(ran.exit).toBe(6);
    expect(ran.stderr).toContain(`tenant grave was erased at ${at}`);
    expect(await readdir(join(home.store("two"), "tenants"))).not.toContain("grave");
    expect((await home.say(["tenants"])).stdout).toContain("tenant grave was erased at");
  });
});

describe("databases that discovery matches and cannot use", () => {
  it("are told by backup --all, which is then incomplete, exit 4", async () => {
    await createDatabase(server, "tenant_x");
    await createDatabase(server, "tenant-x");
    const discover = [{ source: "main", databases: "tenant*", plan: "standard" }];
    using _rules = home.set({ tenants: {}, discover });
    const ran = await home.say(["backup", "--all"]);
    expect(ran.exit).toBe(4);
    expect(ran.stdout).toBe("there are no tenants\n");
    expect(ran.stderr).toContain(
      "database tenant_x of main is no tenant: tenant-x would be tenant tenant-x as well",
    );
    expect((await home.say(["verify", "--all"])).exit).toBe(4);
  });
});

describe("the command line", () => {
  it("refuses --kind without a value", async () => {
    const ran = await home.say(["backup", "acme", "--kind"]);
    expect(ran.exit).toBe(2);
  });

  it("makes no key when not all can be made", async () => {
    const folder = join(home.folder, "half");
    await mkdir(folder);
    await cp(join(home.folder, "keys/signing.jwk"), join(folder, "signing.jwk"));
    expect((await home.say(["keys", "new", "half"])).exit).toBe(2);
    expect(await readdir(folder)).toEqual(["signing.jwk"]);
  });

  it("fails in one line, exit 1, when its output cannot be written", async () => {
    const main = resolve(import.meta.dirname, "../../src/main.ts");
    const child = spawn(process.execPath, [main, "list"], {
      cwd: home.folder,
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (part: string) => (said += part));
    await once(child, "close");
    expect(child.exitCode).toBe(1);
    expect(said).toMatch(/^error: standard output cannot be written: .*no space left on device/m);
    expect(said).not.toContain("    at ");
  });
});
