/** What a host has lying about, in its environment, its terminals and its signals, neither leads a command astray nor leaves one half done. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { type Running, type TenantHome, tenantHome } from "../support/tenant-home.ts";
import { until } from "../support/until.ts";

const main = resolve(import.meta.dirname, "../../src/main.ts");

let server: PrivateServer;
let home: TenantHome;
/** A source that takes connections and says nothing, so that a command is where we want it. */
let mute: Server;
let muteUrl: string;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table t (id int primary key); insert into t values (1)");
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  mute = createServer().listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = mute.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  muteUrl = `postgres://u@127.0.0.1:${String(address.port)}/postgres`;
});

afterAll(async () => {
  mute.close();
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function nextCaller(): Promise<Socket> {
  return new Promise((resolve) => {
    mute.once("connection", (socket) => {
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

/** A backup that waits for its source, and the line it waits on. */
async function waiting(): Promise<{ readonly command: Running; readonly line: Socket }> {
  const calling = nextCaller();
  const command = home.start(["backup", "acme"], { env: { HOLDFAST_SOURCE_URL: muteUrl } });
  return { command, line: await calling };
}

it("what libraries read in the environment reaches no connection of ours", async () => {
  const env = {
    PGSSLMODE: "verify-full",
    PGSSLNEGOTIATION: "direct",
    PGREPLICATION: "database",
    PGOPTIONS: "-c no_such_setting=1",
    PGHOST: "/nowhere",
    PGPORT: "1",
    AWS_PROFILE: "nobody",
  };
  const backup = await home.run(["backup", "acme"], { env });
  expect(backup).toMatchObject({ exit: 0 });
  const verify = await home.run(["verify", "acme", "--store", "one"], { env });
  expect(verify.stdout).toContain("proven");
  expect(verify).toMatchObject({ exit: 0 });
});

describe("a signal", () => {
  it("that the terminal is gone ends nothing that has none, as under nohup", async () => {
    const { command, line } = await waiting();
    command.kill("SIGHUP");
    const again = nextCaller();
    line.destroy();
    // It goes on to ask its source once more, in the clear, or it says what became of it.
    const next = await Promise.race([again, command.ended]);
    if (!("exit" in next)) next.destroy();
    const ended = await command.ended;
    expect(ended).toMatchObject({ exit: 1, signal: null });
    expect(ended.stderr).not.toContain("SIGHUP");
  });

  it("that the terminal is gone ends what is on it, and lets it clean up", async () => {
    const pidFile = join(home.folder, "pid");
    const typed = `echo $$ > ${pidFile}; exec ${process.execPath} ${main} backup acme`;
    const calling = nextCaller();
    const terminal = spawn("script", ["-qec", typed, "/dev/null"], {
      cwd: home.folder,
      env: { ...process.env, HOLDFAST_SOURCE_URL: muteUrl, TERM: "dumb", SHELL: "/bin/sh" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let shown = "";
    terminal.stdout.setEncoding("utf8").on("data", (part: string) => (shown += part));
    const closed = once(terminal, "close");
    const line = await calling;
    const pid = Number(await until("its number", () => readFile(pidFile, "utf8").catch(() => null)));
    // Twice, as the shell tells of it after the system did.
    process.kill(pid, "SIGHUP");
    process.kill(pid, "SIGHUP");
    await closed;
    line.destroy();
    await rm(pidFile);
    expect(shown).toContain("cancelled by SIGHUP");
    expect(terminal.exitCode).toBe(130);
    // A dumb terminal would show what hides the cursor.
    expect(shown).not.toContain("\u001B");
  });

  it("that asks others to open their log anew opens no debugger", async () => {
    const { command, line } = await waiting();
    command.kill("SIGUSR1");
    command.kill("SIGTERM");
    const ended = await command.ended;
    line.destroy();
    expect(ended).toMatchObject({ exit: 130, signal: null });
    expect(ended.stderr).not.toMatch(/debugger/i);
  });
});

it.each([
  [["list"], ""],
  [["list", "--json"], '"usage/invalid"'],
] as const)("a working folder that is gone is told, with %j", async (args, said) => {
  const typed = 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"';
  const child = spawn("sh", ["-c", typed, "sh", process.execPath, main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seen = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (seen.out += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (seen.err += part));
  await once(child, "close");
  expect(seen.err).toBe("error: the working folder is gone\n  hint: change to a folder that is there\n");
  expect(seen.out).toContain(said);
  expect(child.exitCode).toBe(2);
});

it("a disk without room is told, and leaves no part of a key in the way of the next try", async () => {
  const folder = join(home.folder, "new-keys");
  const typed = `ulimit -f 0; exec ${process.execPath} ${main} keys new ${folder}`;
  const child = spawn("sh", ["-c", typed], { cwd: home.folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (said += part));
  await once(child, "close");
  expect(said).toMatch(/^error: \S+host\.agekey cannot be written: EFBIG.*\n {2}hint: .*is there room\?\n$/);
  expect(child.exitCode).toBe(2);
  expect(await readdir(folder)).toEqual([]);
  expect(await home.say(["keys", "new", folder])).toMatchObject({ exit: 0 });
});
