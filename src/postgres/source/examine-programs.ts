import { isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { findPrograms, majorOf, type Programs } from "../server/programs.ts";
import { bad, type Examined, good, warned } from "./examined.ts";

/** Schema archive and proof are made with programs of the source's own major version. `versionNum`: as `server_version_num`. */
export async function examinePrograms(
  versionNum: number,
  folders: readonly string[],
  wait: Waiting,
): Promise<Examined> {
  try {
    return judgePrograms(versionNum, await findPrograms(folders, majorOf(versionNum), wait));
  } catch (error) {
    if (!isFailure(error, "program/missing")) throw error;
    return bad("programs", "source/version", error.message, error.hint);
  }
}

/**
 * Programs of an older minor release do their work, but may not know what a newer one brought to its catalogs: from 15.20
 * on, the stock tools of an older release refuse what an older pg_dump makes of such a server.
 */
export function judgePrograms(
  versionNum: number,
  { version, folder, versionNum: ours }: Pick<Programs, "version" | "folder" | "versionNum">,
): Examined {
  const found = `${version} in ${folder}`;
  if (ours >= versionNum) return good("programs", found);
  const server = `${String(majorOf(versionNum))}.${String(versionNum % 10_000)}`;
  return warned(
    "programs",
    `${found}, older than the server (${server}): update the packages of PostgreSQL here`,
  );
}
