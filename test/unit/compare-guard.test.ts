/** Trouble of the machine is told as not run and refutes nothing (promise 5); damage of the copy and the end of the wait are passed on. */
import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../src/base/failure.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { passed, type CheckName } from "../../src/model/check.ts";
import { runChecks, type Check } from "../../src/postgres/compare/guard.ts";

const patient: Waiting = { signal: new AbortController().signal };

function good(name: CheckName): Check {
  return { name, run: () => Promise.resolve(passed(name, 1, "equal")) };
}

function failing(name: CheckName, error: Error): Check {
  return { name, run: () => Promise.reject(error) };
}

describe("the guard", () => {
  it("goes on after trouble that concerns one check alone", async () => {
    const checks = [failing("twin", new Failure("program/failed", "pg_dump ended")), good("tables")];
    const results = await runChecks(checks, patient);
    expect(results.map(({ name, outcome, because }) => ({ name, outcome, because }))).toEqual([
      { name: "twin", outcome: "not-run", because: "machine" },
      { name: "tables", outcome: "passed", because: undefined },
    ]);
  });

  it.each<FailureCode>(["scratch/lost", "scratch/room", "target/lost", "target/unreachable", "target/room"])(
    "asks nothing more of a server after %s",
    async (code) => {
      const results = await runChecks(
        [good("objects"), failing("tables", new Failure(code, "gone")), good("sequences")],
        patient,
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "not-run", "not-run"]);
    },
  );

  it.each<FailureCode>([
    "store/corrupt",
    "store/absent",
    "sealing/damaged",
    "format/invalid",
    "wait/expired",
  ])("passes %s on", async (code) => {
    await expect(runChecks([failing("archive", new Failure(code, "bad"))], patient)).rejects.toMatchObject({
      code,
    });
  });

  it("passes on what is no failure at all", async () => {
    await expect(runChecks([failing("archive", new TypeError("a bug"))], patient)).rejects.toThrow("a bug");
  });

  it("judges by what failed first where putting back failed as well", async () => {
    const suppressed = (first: FailureCode): Error =>
      new SuppressedError(new Failure("scratch/lost", "no login dropped"), new Failure(first, "first"), "");
    const checks = [failing("indexes", suppressed("program/failed")), good("tables")];
    const results = await runChecks(checks, patient);
    expect(results.map(({ detail }) => detail)).toEqual(["program/failed: first", "equal"]);
    await expect(runChecks([failing("archive", suppressed("store/corrupt"))], patient)).rejects.toMatchObject(
      { code: "store/corrupt" },
    );
  });

  it("keeps what was compared when a limit of its own is over, and runs no more", async () => {
    const limit = new AbortController();
    const late: Check = {
      name: "generated",
      run: () => {
        limit.abort();
        return Promise.reject(new Failure("wait/expired", "over"));
      },
    };
    const limited = { signal: limit.signal };
    const results = await runChecks([good("tables"), late, good("matviews")], patient, limited);
    expect(results.map(({ name, outcome, because }) => [name, outcome, because])).toEqual([
      ["tables", "passed", undefined],
      ["generated", "not-run", "machine"],
      ["matviews", "not-run", "machine"],
    ]);
    const over: Waiting = { signal: AbortSignal.abort() };
    await expect(runChecks([late], over, limited)).rejects.toMatchObject({ code: "wait/cancelled" });
  });

  it("ends when the wait ends, and calls that no result", async () => {
    const over: Waiting = { signal: AbortSignal.abort() };
    const lost = failing("tables", new Failure("scratch/lost", "cut"));
    await expect(runChecks([lost], over)).rejects.toMatchObject({ code: "wait/cancelled" });
  });
});
