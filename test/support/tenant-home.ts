/** A home of Holdfast as `init` leaves it, beside a real source; where tests of the commands and of faults begin. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { saidHere, type SaidHere } from "./holdfast-here.ts";
import { testServerRoot } from "./postgres-server.ts";
import { passableFolder } from "./passable-folder.ts";

export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Whether it runs still. */
  isAlive(): boolean;
  kill(signal: NodeJS.Signals): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands that alter what the program sees of the file system, in a mount namespace of its own. */
  readonly mounts?: readonly string[];
}

export interface TenantHome extends AsyncDisposable {
  readonly folder: string;
  /** The folder of a store. */
  store(name: "one" | "two"): string;
  readonly scratch: string;
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** The same command line without a process of its own, for the many cases in which none is needed. */
  say(args: readonly string[]): Promise<SaidHere>;
  /** The document printed with `--json`, in this process unless there are mounts; throws with all that was said unless it ends with `exit`. */
  json(args: readonly string[], exit?: number, options?: RunOptions): Promise<unknown>;
  /** Sets values in a YAML file of the home, `holdfast.yaml` unless another is named; null takes one away. Undone by disposal. */
  set(values: Readonly<Record<string, unknown>>, file?: string): Disposable;
}

const main = resolve(import.meta.dirname, "../../src/main.ts");

/** `url` is the source's; `tenants` are databases on it. */
export async function tenantHome(url: string, tenants: readonly string[]): Promise<TenantHome> {
  const folder = await passableFolder("holdfast-home-");
  const start: TenantHome["start"] = (args, { env = {}, mounts = [] } = {}) =>
    launch([process.execPath, main, ...args], folder, { HOLDFAST_SOURCE_URL: url, ...env }, mounts);
  const home: TenantHome = {
    folder,
    store: (name) => join(folder, "stores", name),
    scratch: join(folder, "state", "scratch"),
    start,
    run: (args, options) => start(args, options).ended,
    say: (args) => saidHere(args, { HOLDFAST_SOURCE_URL: url }, folder),
    json: async (args, exit = 0, options = {}) => {
      const words = [...args, "--json"];
      const { env = {}, mounts = [] } = options;
      const ended =
        mounts.length === 0
          ? await saidHere(words, { HOLDFAST_SOURCE_URL: url, ...env }, folder)
          : await start(words, options).ended;
      if (ended.exit === exit) return JSON.parse(ended.stdout);
      const said = `${ended.stdout}${ended.stderr}`;
      throw new Error(`holdfast ${args.join(" ")} ended with ${String(ended.exit)}: ${said}`);
    },
    set: (values, file = "holdfast.yaml") => {
      const path = join(folder, file);
      const before = readFileSync(path, "utf8");
      const yaml = parseDocument(before);
      for (const [name, value] of Object.entries(values)) {
        if (value === null) yaml.deleteIn(name.split("."));
        else yaml.setIn(name.split("."), value);
      }
      writeFileSync(path, String(yaml));
      return { [Symbol.dispose]: () => writeFileSync(path, before) };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  const made = await home.run(["init", ...tenants.flatMap((name) => ["--tenant", name])]);
  if (made.exit !== 0) throw new Error(made.stderr);
  shareTemplates(home.scratch);
  return home;
}

/** What `initdb` makes, the same each time, takes it seconds: all homes copy what the servers of tests copy. */
function shareTemplates(scratch: string): void {
  const shared = join(testServerRoot, "templates");
  mkdirSync(shared, { recursive: true });
  mkdirSync(scratch, { recursive: true });
  symlinkSync(shared, join(scratch, "templates"));
}

function launch(
  program: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  mounts: readonly string[],
): Running {
  const [file = "", ...args] =
    mounts.length === 0 ? program : [...namespace, `${mounts.join(" && ")} && exec "$@"`, "sh", ...program];
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (said.stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (said.stderr += part));
  const closed = once(child, "close");
  return {
    pid: child.pid ?? 0,
    ended: closed.then(() => ({ exit: child.exitCode, signal: child.signalCode, ...said })),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    kill: (signal) => void child.kill(signal),
  };
}

/** Each program here executes the next in its own place, so that signals reach Holdfast. */
const namespace = [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--mount",
  "sh",
  "-c",
];
