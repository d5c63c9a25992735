import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Failure, isFailure } from "../../base/failure.ts";
import { run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";

/** The programs of one installation of PostgreSQL. */
export interface Programs {
  /** `server_version_num` of the installation, e.g. 150018. */
  readonly versionNum: number;
  /** As pg_dump says it, e.g. `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
  readonly folder: string;
  readonly pgDump: string;
  readonly pgRestore: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly psql: string;
}

const needed = ["pg_dump", "pg_restore", "initdb", "postgres", "psql"] as const;
const debianRoot = "/usr/lib/postgresql";

/**
 * The programs of exactly the major version `major`, or the newest when it is null. Looks into
 * `/usr/lib/postgresql/<major>/bin`, then PATH, then the configured `folders`; an installation counts only when
 * every program is there. "program/missing" names what was found instead.
 */
export async function findPrograms(
  folders: readonly string[],
  major: number | null,
  wait: Waiting,
): Promise<Programs> {
  const found = await allPrograms(folders, wait);
  const fitting = found
    .filter(({ versionNum }) => major === null || majorOf(versionNum) === major)
    .sort((a, b) => b.versionNum - a.versionNum);
  const best = fitting[0];
  if (best !== undefined) return best;
  const versions = found.map(({ version, folder }) => `${version} in ${folder}`).join(", ");
  const what = major === null ? "the programs of PostgreSQL" : `the programs of PostgreSQL ${String(major)}`;
  throw new Failure(
    "program/missing",
    `${what} were not found; found: ${versions === "" ? "none" : versions}`,
    {
      hint:
        major === null
          ? "install the package postgresql, or name its folder in postgres.bin"
          : `install the package postgresql-${String(major)}, or name its folder in postgres.bin`,
    },
  );
}

/** Major version of a `server_version_num`. */
export function majorOf(versionNum: number): number {
  return Math.floor(versionNum / 10_000);
}

/** Every whole installation that can be found, in the order of looking. */
export async function allPrograms(folders: readonly string[], wait: Waiting): Promise<Programs[]> {
  const places = [...(await debianFolders()), ...(process.env["PATH"] ?? "").split(delimiter), ...folders];
  const found: Programs[] = [];
  for (const folder of new Set(places.filter((place) => place.startsWith("/")))) {
    const programs = await programsIn(folder, wait);
    if (programs !== undefined) found.push(programs);
  }
  return found;
}

async function debianFolders(): Promise<string[]> {
  try {
    const majors = await readdir(debianRoot);
    return majors.sort((a, b) => Number(b) - Number(a)).map((major) => join(debianRoot, major, "bin"));
  } catch {
    return [];
  }
}

/** Undefined where a program is missing or does not run. */
async function programsIn(folder: string, wait: Waiting): Promise<Programs | undefined> {
  const version = await versionIn(folder, wait);
  if (version === undefined) return undefined;
  return {
    ...version,
    folder,
    pgDump: join(folder, "pg_dump"),
    pgRestore: join(folder, "pg_restore"),
    initdb: join(folder, "initdb"),
    postgres: join(folder, "postgres"),
    psql: join(folder, "psql"),
  };
}

type Said = Pick<Programs, "version" | "versionNum">;

async function versionIn(folder: string, wait: Waiting): Promise<Said | undefined> {
  try {
    const mark = await markOf(folder);
    const before = asked.get(folder);
    if (before?.mark === mark) return before.said;
    await Promise.all(needed.map((name) => access(join(folder, name), constants.X_OK)));
    const { stdout } = await run({ file: join(folder, "postgres"), args: ["--version"] }, wait);
    const [, version, major, minor] =
      /\(PostgreSQL\) ((\d+)(?:\.(\d+))?.*)/.exec(stdout.toString("utf8")) ?? [];
    if (version === undefined || major === undefined) return undefined;
    const said = { version, versionNum: Number(major) * 10_000 + Number(minor ?? 0) };
    asked.set(folder, { mark, said });
    return said;
  } catch (error) {
    // A host that starts nothing at the moment has told nothing about the programs that are on it.
    const isUnstarted = isFailure(error, "program/unstarted");
    if (isUnstarted || isFailure(error, "wait/cancelled") || isFailure(error, "wait/expired")) throw error;
    return undefined;
  }
}

/** What programs said of themselves, by folder: every backup of a fleet would ask again. */
const asked = new Map<string, { readonly mark: string; readonly said: Said }>();

/** Changes with any of the programs, as when a package is updated under a running daemon. */
async function markOf(folder: string): Promise<string> {
  const stats = await Promise.all(needed.map((name) => stat(join(folder, name))));
  return stats
    .map(({ ino, ctimeMs, size }) => `${String(ino)} ${String(ctimeMs)} ${String(size)}`)
    .join(", ");
}
