import { Failure, isFailure } from "../base/failure.ts";
import { run } from "../base/program.ts";
import type { Waiting } from "../base/waiting.ts";

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** The ids of an operating-system user. "scratch/start" when there is none of that name. */
export async function userIds(name: string, wait: Waiting): Promise<UserIds> {
  return { uid: await idOf(name, "-u", wait), gid: await idOf(name, "-g", wait) };
}

async function idOf(name: string, flag: "-u" | "-g", wait: Waiting): Promise<number> {
  try {
    const { stdout } = await run({ file: "id", args: [flag, "--", name] }, wait);
    return Number(stdout.toString("utf8").trim());
  } catch (error) {
    if (!isFailure(error, "program/failed")) throw error;
    throw new Failure("scratch/start", `there is no operating-system user ${name} for scratch servers`, {
      cause: error,
      hint: "scripts/setup makes it, or name another one in scratch.user",
    });
  }
}
