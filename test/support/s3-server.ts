/**
 * An S3 server for tests: one that the environment names, else a real one on loopback with
 * signature checks on, else an emulator, which says so and which CI does not accept.
 *
 * HOLDFAST_TEST_S3_ENDPOINT, …_KEY and …_SECRET name a server; …_REGION its region; …_BUCKET a
 * bucket to use instead of making some.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { randomBase32, systemChance } from "../../src/base/chance.ts";
import { pause } from "../../src/base/waiting.ts";
import { findS3Program, portsNeeded, type S3Keys, type S3Program } from "./s3-programs.ts";

export interface S3Server extends AsyncDisposable, S3Keys {
  /** `emulator`: no signatures are checked and little is promised. */
  readonly kind: "real" | "emulator";
  readonly endpoint: string;
  readonly region: string;
  /** Returns the name that the bucket really got. With `lock` it keeps versions and can lock objects. */
  createBucket(name: string, options?: { readonly lock?: boolean }): Promise<string>;
  /** Puts an object there, whatever lay under the key. */
  put(bucket: string, key: string, body: Buffer): Promise<void>;
  /** Loses an object. */
  remove(bucket: string, key: string): Promise<void>;
}

interface Running {
  readonly kind: S3Server["kind"];
  readonly endpoint: string;
  readonly region: string;
  readonly keys: S3Keys;
  readonly fixedBucket: string | null;
  stop(): Promise<void>;
}

const startMs = 30_000;

export async function startS3Server(): Promise<S3Server> {
  const running = named() ?? (await startReal()) ?? (await startEmulator());
  const client = new S3Client({
    endpoint: running.endpoint,
    region: running.region,
    forcePathStyle: true,
    credentials: running.keys,
  });
  return {
    ...running.keys,
    kind: running.kind,
    endpoint: running.endpoint,
    region: running.region,
    createBucket: async (name, { lock = false } = {}) => {
      if (running.fixedBucket !== null && !lock) return running.fixedBucket;
      const bucket = `${name}-${randomBase32(systemChance, 8)}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: lock }));
      return bucket;
    },
    put: async (bucket, key, body) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
    remove: async (bucket, key) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await running.stop();
    },
  };
}

function named(): Running | null {
  const endpoint = process.env["HOLDFAST_TEST_S3_ENDPOINT"];
  if (endpoint === undefined || endpoint === "") return null;
  return {
    kind: "real",
    endpoint,
    region: process.env["HOLDFAST_TEST_S3_REGION"] ?? "us-east-1",
    keys: {
      accessKeyId: process.env["HOLDFAST_TEST_S3_KEY"] ?? "",
      secretAccessKey: process.env["HOLDFAST_TEST_S3_SECRET"] ?? "",
    },
    fixedBucket: process.env["HOLDFAST_TEST_S3_BUCKET"] ?? null,
    stop: async () => {},
  };
}

async function startReal(): Promise<Running | null> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-s3-"));
  const ports = await freePorts(portsNeeded);
  const keys = {
    accessKeyId: randomBase32(systemChance, 16),
    secretAccessKey: randomBase32(systemChance, 32),
  };
  const program = await findS3Program(folder, ports, keys);
  const port = ports[0];
  if (program === null || port === undefined) {
    await rm(folder, { recursive: true, force: true });
    return null;
  }
  const child = await startProgram(program, port);
  return {
    kind: "real",
    endpoint: `http://127.0.0.1:${String(port)}`,
    region: "us-east-1",
    keys,
    fixedBucket: null,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startEmulator(): Promise<Running> {
  if (process.env["CI"] !== undefined && process.env["CI"] !== "" && process.env["CI"] !== "false") {
    throw new Error(
      "CI needs a real S3 server: set HOLDFAST_TEST_S3_ENDPOINT, or install versitygw, weed, minio or Go",
    );
  }
  console.error("no real S3 server here: the emulator fauxqs stands in, which proves less");
  const { startFauxqs } = await import("fauxqs");
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  return {
    kind: "emulator",
    endpoint: `http://127.0.0.1:${String(server.port)}`,
    region: "us-east-1",
    keys: { accessKeyId: "test", secretAccessKey: "test" },
    fixedBucket: null,
    stop: async () => {
      await server.stop();
    },
  };
}

/** Resolves once the program takes connections; what it said is in the error when it does not. */
async function startProgram(program: S3Program, port: number): Promise<ChildProcess> {
  const child = spawn(program.file, program.args, {
    env: { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), ...program.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
  }
  // A test run that is killed must not leave the server behind.
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const limit = { signal: AbortSignal.timeout(startMs) };
  while (!(await answers(port))) {
    if (child.exitCode !== null || limit.signal.aborted) {
      kill();
      throw new Error(`${program.file} did not start: ${said}`);
    }
    await pause(30, limit);
  }
  return child;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map(async (server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map(async (server) => once(server.close(), "close")));
  return ports;
}
