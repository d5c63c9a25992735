/**
 * An installation of PostgreSQL that can be broken on purpose: its programs are those of the machine, but
 * `postgres`, `pg_restore` and `pg_dump` first run a few lines of shell, which every damage writes anew. It says that
 * it is of a later release than any other, so that it is the one that is found.
 */
import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";
import { Failure } from "../../base/failure.ts";
import type { ChallengeSource } from "../source.ts";

export interface BrokenInstallation {
  readonly binFolder: string;
  /** Lines of shell that run before a program: they may change `program` and `extra`, or end at once. */
  say(lines: Readonly<Partial<Record<(typeof wrapped)[number], string>>>): Promise<void>;
  /** The path of a `postgres` that has every extension but those; `hstore--1.6` lacks what leads on from that version. */
  without(extensions: readonly string[], wait: Waiting): Promise<string>;
}

const laterThanAll = 99;
const wrapped = ["postgres", "pg_restore", "pg_dump"] as const;

/** In `folder`, which is made, and which everybody who runs servers must be able to enter. */
export async function breakableInstallation(
  folder: string,
  source: ChallengeSource,
  wait: Waiting,
): Promise<BrokenInstallation> {
  const binFolder = join(folder, "bin");
  await mkdir(binFolder, { recursive: true });
  for (const path of [folder, binFolder]) await chmod(path, 0o755);
  const major = await majorOf(source.binFolder, wait);
  for (const name of await readdir(source.binFolder)) {
    if (!isWrapped(name)) await symlink(join(source.binFolder, name), join(binFolder, name));
  }
  for (const name of wrapped) await wrap(name);
  const say: BrokenInstallation["say"] = async (lines) => {
    for (const name of wrapped) await writeScript(join(folder, `${name}.order`), lines[name] ?? "");
  };
  await say({});
  const made = new Map<string, Promise<string>>();
  return {
    binFolder,
    say,
    without: (extensions, bound) => {
      const name = extensions.join(" ");
      const one = made.get(name) ?? moved(folder, source, extensions, bound);
      made.set(name, one);
      return one;
    },
  };

  async function wrap(name: (typeof wrapped)[number]): Promise<void> {
    await writeScript(
      join(binFolder, name),
      `#!/bin/sh
if [ "$1" = --version ]; then echo "${name} (PostgreSQL) ${major}.${String(laterThanAll)}"; exit 0; fi
program='${join(source.binFolder, name)}'
extra=
. '${join(folder, `${name}.order`)}'
exec "$program" "$@" $extra
`,
    );
  }
}

function isWrapped(name: string): boolean {
  return wrapped.some((one) => one === name);
}

async function writeScript(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

async function majorOf(binFolder: string, wait: Waiting): Promise<string> {
  const { stdout } = await run({ file: join(binFolder, "postgres"), args: ["--version"] }, wait);
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(stdout.toString("utf8")) ?? [];
  if (major !== undefined) return major;
  throw new Failure("program/failed", "postgres does not tell its version");
}

const settings = z.array(z.object({ name: z.string(), setting: z.string() }));

/**
 * PostgreSQL finds its files by where its program lies, so a copy of the program beside folders of links is an
 * installation of its own, from which single files can be left out.
 */
async function moved(
  folder: string,
  source: ChallengeSource,
  extensions: readonly string[],
  wait: Waiting,
): Promise<string> {
  const asked = "select name, setting from pg_catalog.pg_config";
  const told = settings.parse(await source.sql("postgres", [asked], wait));
  const place = (name: string): string => told.find((one) => one.name === name)?.setting ?? "";
  const [bin, share, library] = [place("BINDIR"), place("SHAREDIR"), place("PKGLIBDIR")];
  const common = commonFolder([bin, share, library]);
  const root = join(folder, ["without", ...extensions].join("-"));
  const at = (path: string): string => join(root, relative(common, path));
  await mkdir(at(bin), { recursive: true });
  await run({ file: "cp", args: ["--", join(bin, "postgres"), join(at(bin), "postgres")] }, wait);
  await linked(library, at(library), () => true);
  await linked(share, at(share), (name) => name !== "extension");
  await linked(
    join(share, "extension"),
    join(at(share), "extension"),
    (name) => !extensions.some((one) => name.startsWith(`${one}.`) || name.startsWith(`${one}--`)),
  );
  return join(at(bin), "postgres");
}

async function linked(from: string, to: string, isKept: (name: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) if (isKept(name)) await symlink(join(from, name), join(to, name));
}

function commonFolder(paths: readonly string[]): string {
  const parts = paths.map((path) => path.split("/"));
  const [first = []] = parts;
  const differs = first.findIndex((part, index) => parts.some((one) => one[index] !== part));
  return first.slice(0, differs === -1 ? first.length : differs).join("/") || "/";
}
