/** A pg_dump is ended only where the server itself shows that it waits for it, or that it ended a session which was there. */
import { once } from "node:events";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchProgram } from "../../src/postgres/archive/watch-program.ts";
import type { Session } from "../../src/postgres/session/session.ts";

const waiting = { state: "idle in transaction", event: "ClientRead", changed: "2026-11-22 03:00:00+00" };
/** Computes and prints nothing. */
const program = spawn("sleep", ["60"], { stdio: "ignore" });
/** Computes a little, all the time. */
const restless = spawn("/bin/sh", ["-c", "while sleep 0.01; do :; done"], { stdio: "ignore" });

beforeAll(async () => {
  for (const child of [program, restless]) if (child.pid === undefined) await once(child, "spawn");
});

afterAll(() => {
  program.kill();
  restless.kill();
});

/** A session that is answered with these rows, the last ones for ever; who has asked often enough has had his patience. */
function answering(answers: readonly (readonly object[])[], patience: AbortController): Session {
  let asked = 0;
  return {
    side: "source",
    versionNum: 0,
    query: async <Row extends object>(): Promise<Row[]> => {
      const rows = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      // Five times as long as it takes to call a connection dead.
      if (asked === 20) patience.abort(new Error("let be"));
      return JSON.parse(JSON.stringify(rows));
    },
    copyOut: () => {
      throw new Error("nobody asked for rows");
    },
    copiesOut: () => {
      throw new Error("nobody asked for rows");
    },
    copyIn: async () => 0,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function watch(...answers: readonly (readonly object[])[]): Promise<never> {
  const patience = new AbortController();
  const watched = { name: "holdfast dump 7", pid: program.pid, printed: () => 0 };
  const limits = { silenceMs: 40, leastBytesPerSecond: 1024 };
  return watchProgram(watched, answering(answers, patience), limits, { signal: patience.signal });
}

const letBe = { code: "wait/cancelled" };
const ended = { code: "source/lost" };

describe("a program that computes and prints nothing", () => {
  it("is let be where the server never showed its name, as behind a pooler that gives another one", async () => {
    await expect(watch([])).rejects.toMatchObject(letBe);
  });

  it("is let be while the server works for it, or does not say", async () => {
    await expect(watch([{ ...waiting, state: "active", event: null }])).rejects.toMatchObject(letBe);
    await expect(watch([{ state: null, event: null, changed: null }])).rejects.toMatchObject(letBe);
  });

  it("is ended where the server waits for it", async () => {
    await expect(watch([waiting])).rejects.toMatchObject(ended);
  });

  it("is ended where the server showed its session and then had none", async () => {
    await expect(watch([], [{ ...waiting, state: "active", event: null }], [])).rejects.toMatchObject(ended);
  });
});

describe("a program that computes a little and prints nothing, for which the server waits", () => {
  it.each([
    [0, letBe],
    [1_000_000_000, ended],
  ])("is measured by what a line with %i bytes a second takes", async (leastBytesPerSecond, end) => {
    const patience = new AbortController();
    const watched = { name: "holdfast dump 7", pid: restless.pid, printed: () => 0 };
    const limits = { silenceMs: 400, leastBytesPerSecond };
    const wait = { signal: patience.signal };
    await expect(watchProgram(watched, answering([[waiting]], patience), limits, wait)).rejects.toMatchObject(
      end,
    );
  });
});
