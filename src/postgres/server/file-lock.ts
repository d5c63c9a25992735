import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { Failure, reasonOf } from "../../base/failure.ts";
import { abortFailure, stillWaiting, type Waiting } from "../../base/waiting.ts";

/**
 * Waits for the file's exclusive lock, one of the kernel's (flock(2)), which no crash leaves behind: a small
 * program holds it until it is disposed of or this process ends. "program/missing" without `flock`, "catalog/failed"
 * where the file cannot be opened.
 */
export async function fileLock(path: string, wait: Waiting): Promise<AsyncDisposable> {
  stillWaiting(wait);
  // Ours alone: whoever may read the file could hold the lock for ever.
  const file = await open(path, "a", 0o600).catch((cause: unknown) => {
    throw new Failure(
      "catalog/failed",
      `the lock of the embedded catalog cannot be opened: ${reasonOf(cause)}`,
      {
        cause,
        hint: "may the user that runs holdfast write there?",
      },
    );
  });
  await file.close();
  const holder = spawn("flock", ["--exclusive", path, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    // A Ctrl-C at a terminal is ours to answer; the lock outlives it.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    holder.once("close", () => {
      resolve();
    });
  });
  // The pipe of a holder that has ended is broken, and nothing hangs on it.
  holder.stdin.on("error", () => undefined);
  try {
    await Promise.race([
      once(holder.stdout, "data", { signal: wait.signal }),
      once(holder, "exit", { signal: wait.signal }).then(() => {
        throw new Failure("program/failed", `flock ended without the lock of ${path}`);
      }),
    ]);
  } catch (error) {
    holder.kill();
    // Whoever has just got the lock is a child of that one, and holds it until its input ends.
    holder.stdin.destroy();
    if (wait.signal.aborted) throw abortFailure(wait.signal);
    if (error instanceof Failure) throw error;
    throw new Failure("program/missing", "the program flock cannot be run", {
      cause: error,
      hint: "install util-linux",
    });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
