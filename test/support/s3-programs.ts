/** Real S3 servers that may be on this machine, and how each is started on loopback. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Recipe = (file: string, folder: string, ports: readonly number[], keys: S3Keys) => Promise<S3Program>;

/** Ports that the largest recipe needs; the first is that of S3. */
export const portsNeeded = 4;

const gatewayVersion = "v1.8.0";
const cache = resolve(import.meta.dirname, "../../.cache/bin");
const recipes: readonly (readonly [string, Recipe])[] = [
  ["versitygw", versity],
  ["weed", seaweed],
  ["minio", minio],
];

/** The first real server that is here or can be built here; `null` when there is none. */
export async function findS3Program(
  folder: string,
  ports: readonly number[],
  keys: S3Keys,
): Promise<S3Program | null> {
  for (const [name, recipe] of recipes) {
    const file = await findProgram(name);
    if (file !== null) return recipe(file, folder, ports, keys);
  }
  const built = await buildGateway();
  return built === null ? null : versity(built, folder, ports, keys);
}

async function versity(
  file: string,
  folder: string,
  ports: readonly number[],
  keys: S3Keys,
): Promise<S3Program> {
  const data = join(folder, "data");
  const versions = join(folder, "versions");
  await mkdir(data);
  await mkdir(versions);
  const listen = `127.0.0.1:${String(ports[0])}`;
  return {
    file,
    args: ["--port", listen, "--quiet", "--keep-alive", "posix", "--versioning-dir", versions, data],
    env: { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
  };
}

async function seaweed(
  file: string,
  folder: string,
  ports: readonly number[],
  keys: S3Keys,
): Promise<S3Program> {
  const config = join(folder, "identities.json");
  const credentials = [{ accessKey: keys.accessKeyId, secretKey: keys.secretAccessKey }];
  const identity = { name: "test", credentials, actions: ["Admin", "Read", "Write", "List", "Tagging"] };
  await writeFile(config, JSON.stringify({ identities: [identity] }));
  const [s3, master, volume, filer] = ports.map(String);
  return {
    file,
    args: [
      "server",
      `-dir=${folder}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      `-master.port=${master ?? ""}`,
      `-volume.port=${volume ?? ""}`,
      "-master.volumeSizeLimitMB=64",
      "-volume.max=0",
      "-filer=true",
      `-filer.port=${filer ?? ""}`,
      "-s3=true",
      `-s3.port=${s3 ?? ""}`,
      `-s3.config=${config}`,
    ],
    env: {},
  };
}

async function minio(
  file: string,
  folder: string,
  ports: readonly number[],
  keys: S3Keys,
): Promise<S3Program> {
  return {
    file,
    args: ["server", "--quiet", "--address", `127.0.0.1:${String(ports[0])}`, folder],
    env: { MINIO_ROOT_USER: keys.accessKeyId, MINIO_ROOT_PASSWORD: keys.secretAccessKey },
  };
}

async function findProgram(name: string): Promise<string | null> {
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  for (const folder of folders) {
    if (await isProgram(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** Built once into the cache of the project, as `scripts/setup` does; takes about a minute. `null` where Go is missing or cannot fetch it. */
async function buildGateway(): Promise<string | null> {
  const kept = join(cache, `versitygw-${gatewayVersion}`);
  if (await isProgram(kept)) return kept;
  if ((await findProgram("go")) === null && !(await isProgram("/usr/local/go/bin/go"))) return null;
  await mkdir(cache, { recursive: true });
  // Two test files may build at the same time: each for itself, and a rename settles it.
  const own = await mkdtemp(join(cache, "build-"));
  try {
    console.error(`building versitygw ${gatewayVersion} for the tests of S3; this takes a minute, once`);
    await promisify(execFile)(
      "go",
      ["install", `github.com/versity/versitygw/cmd/versitygw@${gatewayVersion}`],
      {
        env: { ...process.env, GOBIN: own, PATH: `${process.env["PATH"] ?? ""}:/usr/local/go/bin` },
        timeout: 280_000,
      },
    );
    await rename(join(own, "versitygw"), kept);
    return kept;
  } catch (error) {
    console.error(`versitygw could not be built: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
