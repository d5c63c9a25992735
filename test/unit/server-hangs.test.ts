/** A private server that takes connections and then hangs is waited for as long as anything else, and no longer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { ready } from "../../src/postgres/server/private-server-process.ts";

it("is given up when the wait ends", async () => {
  const child = spawn("sleep", ["600"]);
  try {
    const over = new AbortController();
    const asked = Promise.withResolvers<void>();
    const hanging = async (): Promise<void> => {
      asked.resolve();
      await new Promise(() => undefined);
    };
    const waiting = ready(hanging, child, "/dev/null", over);
    await asked.promise;
    over.abort(new Failure("wait/expired", "the time allowed for this step is over"));
    await expect(waiting).rejects.toMatchObject({ code: "wait/expired" });
  } finally {
    child.kill();
    await once(child, "exit");
  }
});
