/** A private server that hangs is waited for as long as anything else, and one that has ended no longer. */
import { expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { launch, type Launched, ready, stop } from "../../src/postgres/server/private-server-process.ts";

it("is given up when the wait ends", async () => {
  const server = await sleeping();
  try {
    const over = new AbortController();
    const asked = Promise.withResolvers<void>();
    const hanging = async (): Promise<void> => {
      asked.resolve();
      await new Promise(() => undefined);
    };
    const waiting = ready(hanging, server, over);
    await asked.promise;
    over.abort(new Failure("wait/expired", "the time allowed for this step is over"));
    await expect(waiting).rejects.toMatchObject({ code: "wait/expired" });
  } finally {
    server.child.kill();
    await server.ended;
  }
});

it("leaves nothing running behind that keeps the program from its end", async () => {
  const before = timers();
  const server = await sleeping();
  await stop(server);
  expect(server.child.signalCode).toBe("SIGINT");
  expect(timers()).toBe(before);
});

const sleeping = (): Promise<Launched> => launch({ argv: ["sleep", "600"], folder: "/", log: "/dev/null" });

const timers = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
