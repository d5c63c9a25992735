/** A private server is reachable by nobody but us, ends with us, and leaves nothing behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  chmodSync,
  mkdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Client } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { isFailure } from "../../src/base/failure.ts";
import { serverOffers } from "../../src/postgres/server/server-offers.ts";
import { startPrivateServer } from "../../src/postgres/server/private-server.ts";
import {
  psql,
  startTestServer,
  testBinFolder,
  testRunAs,
  testWait,
  urlOf,
} from "../support/postgres-server.ts";
import { until } from "../support/until.ts";

const root = mkdtempSync(join(tmpdir(), "hf-test-"));
chmodSync(root, 0o755);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const scratch = {
  root,
  binFolder: testBinFolder(),
  superuser: { kind: "random" as const },
  runAs: testRunAs(),
  chance: systemChance,
};
const servers = (): string[] => readdirSync(root).filter((name) => name.startsWith("server-"));

async function loginFails(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return null;
  } catch (error) {
    return error;
  }
}

describe("a private server", () => {
  it("answers on its socket only and is wiped when it is disposed of", async () => {
    {
      await using server = await startPrivateServer(scratch, testWait());
      expect(await psql(server, "postgres", "show listen_addresses")).toBe("");
      expect(await psql(server, "postgres", "select rolname from pg_roles where rolsuper")).toBe(
        server.address.user,
      );
      expect(server.address.user).toMatch(/^hf_[a-z2-7]{20}$/);
      expect(servers()).toHaveLength(2);
      expect(server.isolation.diesWithUs).toBe(true);
      const status = readFileSync(`/proc/${String(server.pid)}/status`, "utf8");
      expect(status).toMatch(new RegExp(`Uid:\\s+${String(testRunAs()?.uid ?? process.getuid?.())}\\b`));
      // Ctrl-C, and whoever signals our group, leaves it to us.
      const [, parent, group] =
        readFileSync(`/proc/${String(server.pid)}/stat`, "utf8")
          .split(") ")[1]
          ?.split(" ") ?? [];
      expect([parent, group]).toEqual([String(process.pid), String(server.pid)]);
      const interfaces = readFileSync(`/proc/${String(server.pid)}/net/dev`, "utf8");
      expect(/eth|ens|wlan/.test(interfaces) && server.isolation.noNetwork).toBe(false);
    }
    expect(servers()).toEqual([]);
  });

  it("lets nobody in without the password, not even over its socket", async () => {
    await using server = await startTestServer({}, { root });
    const error = await loginFails(urlOf(server, "postgres", { password: "wrong" }));
    expect(error).toMatchObject({ code: "28P01" });
  });

  it("finds a place for its socket when the state folder lies deep", async () => {
    const deep = join(root, "d".repeat(60), "e".repeat(60));
    mkdirSync(deep, { recursive: true });
    let folder: string;
    {
      await using server = await startPrivateServer({ ...scratch, root: deep }, testWait());
      folder = server.address.host;
      expect(await psql(server, "postgres", "select 1")).toBe("1");
      expect(dirname(folder)).toBe(tmpdir());
    }
    expect(existsSync(folder)).toBe(false);
  });

  it("sweeps what somebody left who was killed as he made the cluster that all are copied from", async () => {
    const fresh = mkdtempSync(join(tmpdir(), "hf-test-"));
    chmodSync(fresh, 0o755);
    const templates = join(fresh, "templates");
    for (const name of ["draft-old", "draft-young"]) mkdirSync(join(templates, name), { recursive: true });
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    utimesSync(join(templates, "draft-old"), twoHoursAgo, twoHoursAgo);
    {
      await using _ = await startPrivateServer({ ...scratch, root: fresh }, testWait());
    }
    expect(readdirSync(templates).filter((name) => name.startsWith("draft-"))).toEqual(["draft-young"]);
    rmSync(fresh, { recursive: true });
  });

  it("says why it did not start", async () => {
    const wrong = { ...scratch, settings: { shared_buffers: "a lot" } };
    const failure: unknown = await startPrivateServer(wrong, testWait()).catch((error: unknown) => error);
    expect(isFailure(failure, "scratch/start") && failure.message).toContain("shared_buffers");
    expect(servers()).toEqual([]);
  });

  it("says so where its folder is a file", async () => {
    const root = join(scratch.root, "a-file");
    writeFileSync(root, "in the way");
    const started = startPrivateServer({ ...scratch, root }, testWait());
    await expect(started).rejects.toMatchObject({
      code: "scratch/start",
      message: expect.stringContaining(`no folder can be made at ${root}`),
      hint: expect.stringContaining("scratch.path"),
    });
    rmSync(root);
  });

  it("tells when it was lost", async () => {
    await using server = await startPrivateServer(scratch, testWait());
    const lost = once(server.lost, "abort");
    process.kill(server.pid, "SIGKILL");
    await lost;
    expect(isFailure(server.lost.reason, "scratch/lost")).toBe(true);
  });

  it("that was killed takes what still computes in it along", async () => {
    let pid: number;
    {
      await using server = await startPrivateServer(scratch, testWait());
      const { host, port, user, password } = server.address;
      const tenant = new Client({ host, port, user, password: password ?? "", database: "postgres" });
      tenant.on("error", () => undefined);
      await tenant.connect();
      const { rows } = await tenant.query<{ pid: number }>("select pg_backend_pid() as pid");
      pid = rows[0]?.pid ?? 0;
      const looping = tenant.query("do $$ begin loop perform 1; end loop; end $$").catch(() => undefined);
      const asked = `select state from pg_stat_activity where pid = ${String(pid)} and query like 'do %'`;
      await until("it loops", async () => (await psql(server, "postgres", asked)) === "active");
      const gone = once(server.lost, "abort");
      process.kill(server.pid, "SIGKILL");
      await gone;
      await tenant.end();
      await looping;
      expect(existsSync(`/proc/${String(pid)}/exe`)).toBe(true);
    }
    expect(existsSync(`/proc/${String(pid)}/exe`)).toBe(false);
    expect(servers()).toEqual([]);
  });

  it("shares no memory under a name outside of its folder, where rows would outlive a killed one", async () => {
    await using server = await startPrivateServer(scratch, testWait());
    const maps = readFileSync(`/proc/${String(server.pid)}/maps`, "utf8");
    const shared = maps.split("\n").filter((line) => line.includes(" rw-s ") && !line.includes("(deleted)"));
    const named = shared.flatMap((line) => /\/\S+$/.exec(line)?.[0] ?? []);
    expect(named).not.toEqual([]);
    expect(named.filter((path) => !path.startsWith(`${server.address.host}/`))).toEqual([]);
  });

  it("dies with a killed owner, and the next start wipes what it left", async () => {
    const program = `
      import { systemChance } from "${resolve("src/base/chance.ts")}";
      import { startPrivateServer } from "${resolve("src/postgres/server/private-server.ts")}";
      const options = ${JSON.stringify({ root, binFolder: scratch.binFolder, superuser: scratch.superuser, runAs: scratch.runAs })};
      const server = await startPrivateServer({ ...options, chance: systemChance }, { signal: new AbortController().signal });
      console.log(server.pid);
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const [line] = await Promise.race([once(child.stdout, "data"), ended]);
    const pid = Number(String(line));
    expect(servers()).toHaveLength(2);
    child.kill("SIGKILL");
    await ended;
    await using server = await startPrivateServer(scratch, testWait());
    expect(existsSync(`/proc/${String(pid)}/exe`)).toBe(false);
    expect(servers()).toHaveLength(2);
    expect(await psql(server, "postgres", "select 1")).toBe("1");
  });

  it("tells which locales and extensions it offers", async () => {
    await using server = await startPrivateServer(scratch, testWait());
    const client = new Client({ connectionString: urlOf(server, "postgres") });
    await client.connect();
    const query = async <Row extends object>(text: string): Promise<Row[]> =>
      (await client.query<Row>(text)).rows;
    const offers = await serverOffers({ query });
    await client.end();
    expect(offers.extensions.get("plpgsql")).toEqual(["1.0"]);
    expect(offers.locales).toContainEqual({ provider: "libc", name: "C" });
  });

  it("leaves a running neighbour in the same root alone", async () => {
    await using one = await startPrivateServer(scratch, testWait());
    await using two = await startPrivateServer(scratch, testWait());
    expect(await psql(one, "postgres", "select 1")).toBe("1");
    expect(two.address.user).not.toBe(one.address.user);
  });
});
