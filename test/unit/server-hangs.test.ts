/** A private server that hangs is waited for as long as anything else, and one that has ended no longer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { endOf, ready, stop } from "../../src/postgres/server/private-server-process.ts";

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

it("leaves nothing running behind that keeps the program from its end", async () => {
  const before = timers();
  const child = spawn("sleep", ["600"]);
  await stop(child, endOf(child));
  expect(child.signalCode).toBe("SIGINT");
  expect(timers()).toBe(before);
});

const timers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
