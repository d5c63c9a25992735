/** A folder of a command's own that the users of private servers may pass through. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { reachableByAll } from "./reachable-by-all.ts";

interface PassableFolder extends AsyncDisposable {
  readonly path: string;
  /** What there is to be told where it could not be removed. */
  readonly leaves: string;
}

/**
 * Removed with all in it when it is disposed, unless it `stays`. What is inside is this user's unless it says otherwise; the
 * servers run as users of their own only where we are root (`uid` 0).
 *
 * Fails with `scratch/start` where those users cannot get there.
 */
export async function passableFolder(
  name: "demo" | "challenge",
  { uid, stays }: { readonly uid: number; readonly stays: boolean },
): Promise<PassableFolder> {
  if (uid === 0 && !(await reachableByAll(tmpdir()))) {
    throw new Failure("scratch/start", `the users of the ${name}'s servers cannot pass through ${tmpdir()}`, {
      hint: "set TMPDIR to a folder that everybody may pass through",
    });
  }
  const path = await mkdtemp(join(tmpdir(), `holdfast-${name}-`));
  await chmod(path, 0o711);
  return {
    path,
    leaves: `${path} could not be removed`,
    [Symbol.asyncDispose]: () => (stays ? Promise.resolve() : rm(path, { recursive: true, force: true })),
  };
}
