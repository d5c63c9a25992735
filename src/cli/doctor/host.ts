import { readFile } from "node:fs/promises";
import { isFailure } from "../../base/failure.ts";
import { run } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";
import { allPrograms } from "../../postgres/server/programs.ts";
import type { Machine } from "../../desk/machine.ts";
import type { Examination } from "./examination.ts";

/** Programs, privileges and what of memory may reach a disk. */
export async function examineHost(
  machine: Machine,
  binFolders: readonly string[],
  wait: Waiting,
): Promise<Examination[]> {
  return [
    ...(await postgresPrograms(binFolders, wait)),
    ...(await handTools(wait)),
    privileges(machine),
    await swap(),
  ];
}

async function postgresPrograms(folders: readonly string[], wait: Waiting): Promise<Examination[]> {
  const found = await allPrograms(folders, wait);
  if (found.length > 0) {
    return found.map(({ version, folder }) => ({
      area: "host",
      subject: "PostgreSQL",
      outcome: "passed",
      detail: `${version} in ${folder}`,
    }));
  }
  const hint = "scripts/setup installs them; or name their folder in postgres.bin";
  return [
    {
      area: "host",
      subject: "PostgreSQL",
      outcome: "failed",
      detail: "no programs of PostgreSQL were found",
      hint,
    },
  ];
}

/** Not used by Holdfast itself: with them a person restores without it. */
async function handTools(wait: Waiting): Promise<Examination[]> {
  const tools = ["age", "zstd"].map(async (file): Promise<Examination> => {
    try {
      const { stdout } = await run({ file, args: ["--version"] }, wait);
      const version = /\d+(?:\.\d+)+/.exec(stdout.toString("utf8"))?.[0] ?? "of some version";
      return { area: "host", subject: file, outcome: "passed", detail: version };
    } catch (error) {
      if (!isFailure(error, "program/missing") && !isFailure(error, "program/failed")) throw error;
      const detail = "not found; it is needed only to restore by hand, without Holdfast";
      return { area: "host", subject: file, outcome: "warned", detail, hint: "scripts/setup installs it" };
    }
  });
  return Promise.all(tools);
}

function privileges({ uid }: Machine): Examination {
  if (uid === 0) {
    const detail = "root: each scratch server runs as an unprivileged user that cannot read keys";
    return { area: "host", subject: "privileges", outcome: "passed", detail };
  }
  return {
    area: "host",
    subject: "privileges",
    outcome: "warned",
    detail:
      "not root: scratch servers run as this user, so code of a tenant that broke out of PostgreSQL could read the keys of this host",
    hint: "run Holdfast as root, or keep the verifier on a host of its own",
  };
}

async function swap(): Promise<Examination> {
  const subject = "swap";
  try {
    const areas = (await readFile("/proc/swaps", "utf8")).trim().split("\n").length - 1;
    if (areas <= 0)
      return {
        area: "host",
        subject,
        outcome: "passed",
        detail: "off: memory with rows or keys reaches no disk",
      };
    const detail = "on: memory with rows or keys may be written to a disk";
    return {
      area: "host",
      subject,
      outcome: "warned",
      detail,
      hint: "turn swap off, or encrypt it with a key that is lost at boot",
    };
  } catch {
    return { area: "host", subject, outcome: "warned", detail: "whether it is on cannot be told here" };
  }
}
