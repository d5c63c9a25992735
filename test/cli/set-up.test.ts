/** From an empty folder to a configuration that works: init, keys, stores check, tenants, doctor. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { examineKeys } from "../../src/cli/doctor/keys.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { holdfastCli, type Ran } from "../support/transcript.ts";

let server: PrivateServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table invoice (id int primary key); insert into invoice values (1)");
  await createDatabase(server, "Größe");
  folder = await mkdtemp(join(tmpdir(), "holdfast-set-up-"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function holdfast(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const env = { HOLDFAST_SOURCE_URL: urlOf(server, "postgres"), ...more };
  return holdfastCli(args, { cwd: folder, env, hide: { [folder]: "FOLDER" } });
}

async function modeOf(name: string): Promise<string> {
  return ((await stat(join(folder, name))).mode & 0o777).toString(8);
}

describe("init", () => {
  it("writes configuration, keys, stores and plans, and says what one host cannot promise", async () => {
    const ran = await holdfast(["init"]);
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain(
      "promise 8 (a host that only backs up cannot read what it wrote yesterday) does not hold here",
    );
    expect(ran.stderr).toMatch(
      /^Next: put the URL of the server into HOLDFAST_SOURCE_URL, then `holdfast doctor`/m,
    );
    expect(ran.stdout).toBe(`what           where
configuration  FOLDER/holdfast.yaml
keys           FOLDER/keys/host.agekey
               FOLDER/keys/signing.jwk
               FOLDER/keys/signing.pub.jwk
store one      FOLDER/stores/one
store two      FOLDER/stores/two
plans          FOLDER/plans
`);
    expect(await modeOf("keys")).toBe("700");
    expect(await modeOf("keys/host.agekey")).toBe("600");
    expect(await modeOf("keys/signing.jwk")).toBe("600");
    expect((await readdir(join(folder, "plans"))).sort()).toEqual([
      "business.yaml",
      "enterprise.yaml",
      "standard.yaml",
    ]);
    expect((await holdfast(["config", "check"])).stdout).toBe(
      "FOLDER/holdfast.yaml is good: 3 plans, 2 stores, 1 source, 0 tenants, 1 rule of discovery\n",
    );
  });

  it("takes a tenant that is named twice for one", async () => {
    const ran = await holdfast(["init", "twice", "--tenant", "acme", "--tenant", "acme"]);
    expect(ran.exit).toBe(0);
    expect((await holdfast(["config", "check", "--config", "twice/holdfast.yaml"])).exit).toBe(0);
  });

  it("never overwrites", async () => {
    const before = await readFile(join(folder, "keys/host.agekey"), "utf8");
    expect(await holdfast(["init"])).toEqual({
      exit: 2,
      stdout: "",
      stderr:
        "error: FOLDER holds holdfast.yaml, keys, stores, plans already\n  hint: nothing is ever overwritten; `holdfast init FOLDER` sets up elsewhere\n",
    });
    expect(await readFile(join(folder, "keys/host.agekey"), "utf8")).toBe(before);
  });

  it("names tenants, source and plan when told, and refuses what would not work before it writes", async () => {
    const good = await holdfast([
      "init",
      "other",
      "--tenant",
      "acme",
      "--tenant",
      "bravo",
      "--plan",
      "business",
      "--source",
      "env:X",
    ]);
    expect(good.exit).toBe(0);
    const check = await holdfast(["config", "check", "--config", "other/holdfast.yaml", "--json"]);
    expect(JSON.parse(check.stdout)).toMatchObject({
      tenants: [
        { tenant: "acme", plan: "business", stores: ["one", "two"] },
        { tenant: "bravo", plan: "business", stores: ["one", "two"] },
      ],
    });
    for (const args of [
      ["--plan", "platinum"],
      ["--tenant", "Größe"],
      ["--source", "postgres://u:secret@h/d"],
    ]) {
      const bad = await holdfast(["init", "third", ...args]);
      expect(bad.exit).toBe(2);
      expect(bad.stderr).not.toContain("secret@");
    }
    expect(await readdir(folder)).not.toContain("third");
  });
});

describe("keys", () => {
  it("new writes what nobody else may read, and prints only what others need", async () => {
    const ran = await holdfast(["keys", "new", "safe", "--only", "identity", "--json"]);
    expect(ran.exit).toBe(0);
    const identity = await readFile(join(folder, "safe/host.agekey"), "utf8");
    const secret = /AGE-SECRET-KEY-1\w+/.exec(identity)?.[0] ?? "none";
    const made: unknown = JSON.parse(ran.stdout);
    expect(made).toEqual({
      identity: { path: "FOLDER/safe/host.agekey", recipient: expect.stringMatching(/^age1/) },
      signing: null,
    });
    expect(ran.stdout).not.toContain(secret);
    expect((await holdfast(["keys", "new", "safe"])).stderr).toContain(
      "exists already, and a key is never overwritten",
    );
  });

  it("show tells roles and purposes, and no secret", async () => {
    const ran = await holdfast(["keys", "show", "--json"]);
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      identity: { roles: ["worker", "verifier", "restorer"], problem: null },
      signing: { may: ["record", "proof", "key", "removal", "certificate", "audit"], problem: null },
      trusted: [{ problem: null }],
    });
    expect(ran.stdout).not.toMatch(/AGE-SECRET-KEY|"d"/);
  });

  it("show exits 1 and names a key that is no key", async () => {
    await writeFile(
      join(folder, "holdfast-bad.yaml"),
      (await readFile(join(folder, "holdfast.yaml"), "utf8")).replace("host.agekey", "signing.pub.jwk"),
    );
    const ran = await holdfast(["keys", "show", "--config", "holdfast-bad.yaml"]);
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toContain("the identity file does not hold exactly one age identity");
  });

  it("rotate makes generation after generation in every store", async () => {
    expect(JSON.parse((await holdfast(["keys", "rotate", "acme", "--json"])).stdout)).toMatchObject({
      generation: 1,
    });
    const ran = await holdfast(["keys", "rotate", "acme", "--json"]);
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual({
      tenant: "acme",
      generation: 3,
      recipient: expect.stringMatching(/^age1/),
      stores: [
        { store: "one", state: "present", problem: null },
        { store: "two", state: "present", problem: null },
      ],
    });
    expect(await readdir(join(folder, "stores/two/tenants/acme/keys"))).toContain("3.jws");
  });

  it("rotate of nobody exits 2", async () => {
    expect(await holdfast(["keys", "rotate", "nobody"])).toEqual({
      exit: 2,
      stdout: "",
      stderr: "error: there is no tenant nobody\n  hint: `holdfast tenants` lists them\n",
    });
  });
});

describe("a folder that cannot be made", () => {
  it.each([
    [["init", "/proc/holdfast/here"], "the folder /proc/holdfast/here cannot be made: ENOENT"],
    [["keys", "new", "/dev/null/keys"], "the folder /dev/null/keys cannot be made: ENOTDIR"],
  ])("by %j is told, exit 2", async (args, message) => {
    const ran = await holdfast(args);
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("stores check", () => {
  it("finds two fresh directories suitable", async () => {
    const ran = await holdfast(["stores", "check", "--json"]);
    expect(ran.exit).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject([
      { store: "one", suitable: true, storeId: expect.stringMatching(/^[a-z2-7]{16}$/) },
      { store: "two", suitable: true },
    ]);
  });

  it("says that an empty folder is a new store from now on, once", async () => {
    await mkdir(join(folder, "empty"));
    const text = await readFile(join(folder, "holdfast.yaml"), "utf8");
    await writeFile(join(folder, "holdfast-new.yaml"), text.replace("./stores/two", "./empty"));
    const check = ["stores", "check", "two", "--config", "holdfast-new.yaml"];
    expect((await holdfast(check)).stderr).toContain(
      "two held no holdfast.json and is a new store from now on",
    );
    expect((await holdfast(check)).stderr).not.toContain("new store");
  });

  it("exits 1 when a store is not there: that says nothing about its fitness", async () => {
    await writeFile(
      join(folder, "holdfast-gone.yaml"),
      (await readFile(join(folder, "holdfast.yaml"), "utf8")).replace("./stores/two", "./stores/gone"),
    );
    const ran = await holdfast(["stores", "check", "two", "--config", "holdfast-gone.yaml"]);
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toContain("two cannot be reached");
    expect(ran.stdout).toMatch(/ write +failed .*a new store's folder is made by hand/);
    expect(await readdir(join(folder, "stores"))).toEqual(["one", "two"]);
  });

  it("exits 2 for a store that the configuration does not name", async () => {
    expect((await holdfast(["stores", "check", "mars"])).stderr).toBe(
      "error: there is no store mars\n  hint: the configuration names one, two\n",
    );
  });
});

describe("tenants", () => {
  it("lists what discovery finds, and tells what it cannot use", async () => {
    const ran = await holdfast(["tenants"]);
    expect(ran).toEqual({
      exit: 0,
      stdout: `tenant    plan      schedule                              newest backup  newest proof  notes
acme      standard  daily 01:00, weekly sunday 05:00 UTC  none           none
postgres  standard  daily 01:00, weekly sunday 05:00 UTC  none           none
`,
      stderr:
        "warning: database Größe of main is no tenant: its name makes no tenant id; name it under tenants\n",
    });
  });

  it("exits 4 when a source cannot be asked, and never prints its password", async () => {
    const url = "postgres://holdfast:canary-4711@127.0.0.1:1/postgres";
    const ran = await holdfast(["tenants", "--json"], { HOLDFAST_SOURCE_URL: url });
    expect(ran.exit).toBe(4);
    expect(JSON.parse(ran.stdout)).toMatchObject({ tenants: [], unreachable: [{ source: "main" }] });
    expect(`${ran.stdout}${ran.stderr}`).not.toContain("canary-4711");
  });

  it("says which variable is missing", async () => {
    const ran = await holdfastCli(["keys", "rotate", "acme"], { cwd: folder });
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain("sources.main.url: environment variable HOLDFAST_SOURCE_URL is not set");
  });
});

const doctorReport = z.object({
  healthy: z.boolean(),
  examinations: z.array(
    z.object({ area: z.string(), subject: z.string(), outcome: z.string(), detail: z.string() }),
  ),
});

describe("doctor", () => {
  it("finds a fresh set-up healthy, and says what is given up", async () => {
    const ran = await holdfast(["doctor", "--json"]);
    const { healthy, examinations } = doctorReport.parse(JSON.parse(ran.stdout));
    expect(examinations.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect({ healthy, exit: ran.exit }).toEqual({ healthy: true, exit: 0 });
    expect(examinations.find(({ subject }) => subject === "promise 8")).toMatchObject({ outcome: "warned" });
    expect(examinations.find(({ subject }) => subject === "acme rights")).toMatchObject({
      outcome: "passed",
    });
    expect([...new Set(examinations.map(({ area }) => area))]).toEqual([
      "host",
      "configuration",
      "keys",
      "scratch",
      "stores",
      "sources",
    ]);
  });

  it("warns of a key that every user of the host can read, by its mode and that of the folders above", async () => {
    const identity = join(folder, "keys/host.agekey");
    const config = await loadConfig(join(folder, "holdfast.yaml"), {});
    const warnings = async (): Promise<readonly string[]> =>
      (await examineKeys(config))
        .filter(({ subject, outcome }) => subject === "identity" && outcome === "warned")
        .map(({ detail }) => detail);
    await chmod(identity, 0o644);
    expect(await warnings()).toEqual([]);
    for (const above of [folder, join(folder, "keys")]) await chmod(above, 0o711);
    expect(await warnings()).toEqual([`every user of this host can read ${identity}`]);
    await chmod(identity, 0o640);
    expect(await warnings()).toEqual([]);
    for (const above of [folder, join(folder, "keys")]) await chmod(above, 0o700);
    await chmod(identity, 0o600);
  });

  it("fails when a store is gone and a source does not answer, naming both", async () => {
    const ran = await holdfast(["doctor", "--config", "holdfast-gone.yaml"], {
      HOLDFAST_SOURCE_URL: "postgres://127.0.0.1:1/x",
    });
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toMatch(/^failed +stores +two/m);
    expect(ran.stdout).toMatch(/^failed +sources +main/m);
  });

  it("examines the host even without a configuration", async () => {
    const ran = await holdfast(["doctor", "--config", "none.yaml"]);
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toMatch(/^passed +host +PostgreSQL/m);
    expect(ran.stdout).toMatch(/^failed +configuration +file +there is no FOLDER\/none.yaml/m);
  });
});

describe("an interrupt", () => {
  it("ends the command with 130 once it has cleaned up", async () => {
    const ran = await holdfastCli(["doctor"], {
      cwd: folder,
      env: { HOLDFAST_SOURCE_URL: urlOf(server, "postgres") },
      onSaid: { text: "starting scratch", act: (pid) => process.kill(pid, "SIGINT") },
    });
    expect(ran.exit).toBe(130);
    expect(ran.stderr).toContain("error: cancelled by SIGINT");
    const left = await readdir(join(folder, "state/scratch")).catch(() => []);
    expect(left.filter((name) => name.startsWith("server-"))).toEqual([]);
  });
});

describe("backup", () => {
  it("marks no store: one without holdfast.json is out, exit 4, and in again once it is put back", async () => {
    const descriptor = join(folder, "stores/two/holdfast.json");
    const marked = await readFile(descriptor);
    await rm(descriptor);
    const without = await holdfast(["backup", "acme", "--json"]);
    expect(without.exit).toBe(4);
    expect(await readdir(join(folder, "stores/two"))).not.toContain("holdfast.json");
    await writeFile(descriptor, marked);
    expect((await holdfast(["backup", "acme", "--json"])).exit).toBe(0);
  });

  it("holds the quorum without a store that is gone, and exits 4", async () => {
    const ran = await holdfast(["backup", "acme", "--json", "--config", "holdfast-gone.yaml"]);
    expect(JSON.parse(ran.stdout)).toMatchObject([
      { state: "degraded", copies: { one: { state: "present" }, two: { state: "missing" } } },
    ]);
    expect(ran.exit).toBe(4);
  });
});
