/** The files to deploy Holdfast with: what they name is there, images are pinned, nothing runs as root or leaves memory on a disk. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { Failure } from "../../src/base/failure.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { serveHttp } from "../../src/telemetry/serve-http.ts";
import { parseOnly } from "../support/parse-only.ts";
import { never } from "../support/repository-fixture.ts";

const root = resolve(import.meta.dirname, "../..");
const deploy = resolve(root, "deploy");
const read = (path: string): Promise<string> => readFile(resolve(root, path), "utf8");

const service = z.object({
  image: z.string(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  env_file: z.string().optional(),
  tmpfs: z.array(z.string()).default([]),
  ulimits: z.object({ core: z.int() }).optional(),
  mem_limit: z.string().optional(),
  memswap_limit: z.string().optional(),
  stop_grace_period: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const composeFile = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

/** The usual `daemon.shutdownTimeout`, the minute of `drain` behind it, and some seconds to close everything. */
const stopMsMax = 300_000 + 60_000 + 15_000;

/** Made by `prepare`, and tested there. */
const made = "compose/run/";

describe("deploy/compose.yaml", async () => {
  const compose = composeFile.parse(parse(await read("deploy/compose.yaml"), { merge: true }));
  const services = Object.entries(compose.services).map(([name, one]) => ({ name, ...one }));
  const ours = services.filter(({ image }) => image.startsWith("holdfast:"));
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await read("package.json")));

  it("has all that the first look needs", () => {
    expect(services.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["postgres", "s3-one", "s3-two", "daemon", "observer", "prometheus", "grafana"]),
    );
  });

  it.each(services)("pins the image of $name", ({ image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+[a-z0-9.-]*$/);
  });

  it("runs the Holdfast of this version", () => {
    expect(new Set(ours.map(({ image }) => image))).toEqual(new Set([`holdfast:${version}`]));
  });

  it.each(services)("mounts into $name only what is there, and waits only for who is there", (one) => {
    const sources = [...one.volumes.map((volume) => volume.split(":")[0] ?? ""), one.env_file ?? "./"];
    const missing = sources.filter((source) =>
      /[/.]/.test(source)
        ? !source.includes(made) && !existsSync(resolve(deploy, source))
        : !(source in compose.volumes),
    );
    expect(missing).toEqual([]);
    expect(Object.keys(one.depends_on).filter((name) => !(name in compose.services))).toEqual([]);
  });

  it("opens ports to this machine alone", () => {
    const open = services.flatMap(({ ports }) => ports).filter((port) => !port.startsWith("127.0.0.1:"));
    expect(open).toEqual([]);
  });

  it.each(ours)(
    "lets nothing in the memory of $name reach a disk, and gives it a command that parses",
    async (one) => {
      expect(one.ulimits?.core).toBe(0);
      expect(one.memswap_limit).toBe(one.mem_limit);
      expect(await parseOnly(one.command ?? [])).toContain("error: parsed");
    },
  );

  it("gives a daemon that stops the time that it takes at most", () => {
    const daemon = services.find(({ name }) => name === "daemon");
    const [, minutes] = /^(\d+)m$/.exec(daemon?.stop_grace_period ?? "") ?? [];
    expect(Number(minutes) * 60_000).toBeGreaterThan(stopMsMax);
  });

  it("keeps scratch in memory", () => {
    const daemon = services.find(({ name }) => name === "daemon");
    expect(daemon?.tmpfs.some((mount) => mount.startsWith("/var/lib/holdfast/scratch:"))).toBe(true);
  });
});

describe("deploy/compose/prepare", () => {
  it("makes keys, passwords and two configurations that hold together, once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-prepare-"));
    try {
      const run = join(folder, "run");
      const HOLDFAST = `${process.execPath} ${join(root, "src/main.ts")}`;
      const prepare = (): Promise<{ readonly exitCode?: number; readonly stderr: string }> =>
        execa(join(deploy, "compose/prepare"), [run], { env: { HOLDFAST }, reject: false });
      expect((await prepare()).exitCode).toBe(0);
      const wanted = (await read("deploy/compose.yaml")).matchAll(/compose\/run\/([\w.-]+)/g);
      const files = await readdir(run);
      expect(Array.from(wanted, ([, file]) => file).filter((file) => !files.includes(file ?? ""))).toEqual(
        [],
      );
      const env = Object.fromEntries(
        (await readFile(join(run, "holdfast.env"), "utf8"))
          .split("\n")
          .filter((line) => line !== "")
          .map((line): [string, string] => [
            line.slice(0, line.indexOf("=")),
            line.slice(line.indexOf("=") + 1),
          ]),
      );
      expect(new Set(Object.values(env)).size).toBe(Object.keys(env).length);
      for (const name of ["daemon", "observer"]) {
        const text = await readFile(join(run, `${name}.yaml`), "utf8");
        const here = text.replaceAll("/etc/holdfast", run).replaceAll("/opt/holdfast", root);
        await writeFile(join(run, `${name}.here.yaml`), here);
        const config = await loadConfig(join(run, `${name}.here.yaml`), env, {
          observer: name === "observer",
        });
        expect(config.stores.size).toBe(2);
        expect(config.keys.signing === null).toBe(name === "observer");
      }
      const again = await prepare();
      expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("there already")]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("Dockerfile", async () => {
  const lines = (await read("Dockerfile")).replaceAll("\\\n", " ").split("\n");
  const ignored = (await read(".dockerignore")).split("\n");

  it("begins from pinned images", () => {
    const images = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
    expect(images.length).toBe(2);
    for (const image of images) expect(image).toMatch(/^node:\d+\.\d+\.\d+-[a-z]+-slim$/);
  });

  it("copies only what is there and what .dockerignore lets through", () => {
    const copied = lines.flatMap((line) => /^COPY (?!--)(.+) \S+$/.exec(line)?.[1]?.split(" ") ?? []);
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(resolve(root, path)))).toEqual([]);
    expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([]);
    expect(ignored).toContain("*");
  });

  it("ends as another user than root, with a look at its health and a command that parses", async () => {
    expect(lines.findLast((line) => line.startsWith("USER "))).toBe("USER holdfast");
    expect(lines.some((line) => line.startsWith("HEALTHCHECK "))).toBe(true);
    const command = z
      .array(z.string())
      .parse(JSON.parse(lines.findLast((line) => line.startsWith("CMD "))?.slice(4) ?? ""));
    expect(await parseOnly(command)).toContain("error: parsed");
  });

  it("has the programs of every major version that is supported", () => {
    expect(lines.join("\n")).toContain('POSTGRESQL_MAJORS="13 14 15 16 17 18"');
  });
});

const hasSystemd = existsSync("/usr/bin/systemd-analyze");

describe("deploy/systemd/holdfast.service", () => {
  it("gives a daemon that stops the time that it takes at most", async () => {
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(await read("deploy/systemd/holdfast.service")) ?? [];
    expect(Number(seconds) * 1000).toBeGreaterThan(stopMsMax);
  });

  it("is started anew after a port was held, and not after a refused configuration", async () => {
    const unit = await read("deploy/systemd/holdfast.service");
    const [, prevented] = /^RestartPreventExitStatus=(\d+)$/m.exec(unit) ?? [];
    expect(unit).toMatch(/^Restart=on-failure$/m);
    expect(new Failure("config/invalid", "refused").exit).toBe(Number(prevented));
    expect(new Failure("http/listen", "held").exit).not.toBe(Number(prevented));
  });
});

describe("deploy/systemd/holdfast-watch", () => {
  const unit = (kind: string): Promise<string> => read(`deploy/systemd/holdfast-watch.${kind}`);
  const curls = existsSync("/usr/bin/curl");

  it("is run by its timer again and again", async () => {
    expect(await unit("timer")).toMatch(/^OnUnitInactiveSec=\d+min$/m);
    expect(await unit("timer")).toMatch(/^WantedBy=timers\.target$/m);
  });

  it.runIf(hasSystemd)("is understood by systemd", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-unit-"));
    try {
      const files = ["service", "timer"].map((kind) => join(folder, `holdfast-watch.${kind}`));
      for (const file of files) await writeFile(file, await unit(file.slice(file.lastIndexOf(".") + 1)));
      const verified = await execa("systemd-analyze", ["verify", ...files], { all: true, reject: false });
      expect([verified.exitCode, verified.all]).toEqual([0, ""]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.runIf(curls).each([
    { state: "healthy", healthy: [], restarts: 0 },
    { state: "hanging", healthy: ["the scheduler does not beat"], restarts: 1 },
  ])("starts a $state daemon anew $restarts times", async ({ healthy, restarts }) => {
    const [, script = ""] = /^ExecStart=\/bin\/sh -c '(.+)'$/m.exec(await unit("service")) ?? [];
    await using server = await serveHttp(
      {
        listen: "127.0.0.1:0",
        render: () => Promise.resolve(""),
        ready: () => Promise.resolve([]),
        healthy: () => healthy,
      },
      never,
    );
    const here = script.replace("--retry-delay 10", "--retry-delay 0").replace("/bin/systemctl", "echo");
    const { stdout } = await execa("/bin/sh", ["-c", here.replace("--retry 3", "--retry 0")], {
      env: { HOLDFAST_HEALTH: `${server.address}/healthz` },
    });
    expect(stdout).toBe(restarts === 0 ? "" : "restart holdfast.service");
  });
});

describe.each(["holdfast.service", "holdfast-observer.service"])("deploy/systemd/%s", (unit) => {
  const text = (): Promise<string> => read(`deploy/systemd/${unit}`);

  it("denies core dumps, swap and more rights than it was given", async () => {
    const settings = (await text()).split("\n");
    for (const setting of ["LimitCORE=0", "MemorySwapMax=0", "NoNewPrivileges=true", "ProtectSystem=strict"])
      expect(settings).toContain(setting);
    expect(settings.some((line) => /^User=(?!root)/.test(line))).toBe(true);
  });

  it("starts a command that parses", async () => {
    const [, args = ""] = /^ExecStart=\/usr\/local\/bin\/holdfast (.+)$/m.exec(await text()) ?? [];
    expect(await parseOnly(args.split(" "))).toContain("error: parsed");
  });

  it.runIf(hasSystemd)("is understood by systemd, which finds little exposed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-unit-"));
    try {
      const file = join(folder, unit);
      await writeFile(file, (await text()).replace("/usr/local/bin/holdfast", process.execPath));
      const verified = await execa("systemd-analyze", ["verify", file], { all: true, reject: false });
      expect([verified.exitCode, verified.all]).toEqual([0, ""]);
      const threshold = "--threshold=25";
      const secure = await execa("systemd-analyze", ["security", "--offline=true", threshold, file], {
        all: true,
        reject: false,
      });
      expect(secure).toMatchObject({ exitCode: 0 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
