/** Programs: what they print counts only if they end well, and none outlives who wanted it (promise 3). */
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { pour, run } from "../../src/base/program.ts";
import { testWait } from "../support/postgres-server.ts";

const wait = testWait(20_000);
const program = resolve(import.meta.dirname, "../../src/base/program.ts");

function shell(script: string): { readonly file: string; readonly args: readonly string[] } {
  return { file: "/bin/sh", args: ["-c", script] };
}

async function read(output: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of output) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

describe("a program", () => {
  it("gives what it printed, to both ends", async () => {
    const { stdout, stderr } = await run(shell("echo out; echo err >&2"), wait);
    expect([stdout.toString("utf8"), stderr]).toEqual(["out\n", "err\n"]);
  });

  it("has no environment but what it is given", async () => {
    const { stdout } = await run({ file: "/usr/bin/env", args: [], env: { ONE: "1" } }, wait);
    const names = stdout
      .toString("utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(new Set(names)).toEqual(new Set(["PATH", "LC_ALL", "ONE"]));
  });

  it("is not of our group, so that a Ctrl-C does not reach it before we say so", async () => {
    const { stdout } = await run(shell("echo $$ $(ps -o pgid= -p $$)"), wait);
    const [own, group] = stdout.toString("utf8").trim().split(" ");
    expect(group).toBe(own);
  });

  it("that ends badly fails with what it said last, though all its output was read", async () => {
    const { output, stderr } = pour(shell("echo all of it; echo why >&2; exit 3"), wait);
    const code = "program/failed";
    await expect(read(output)).rejects.toMatchObject({
      code,
      message: "/bin/sh ended with exit code 3: why",
    });
    expect(await stderr).toBe("why\n");
  });

  it("that a signal ended is told so", async () => {
    await expect(run(shell("kill -KILL $$"), wait)).rejects.toMatchObject({
      code: "program/failed",
      message: "/bin/sh ended with signal SIGKILL",
    });
  });

  it("that is not there is missing", async () => {
    const nowhere = { file: "/nowhere/program", args: [] };
    await expect(run(nowhere, wait)).rejects.toMatchObject({ code: "program/missing" });
    const { output, stderr, pid } = pour(nowhere, wait);
    await expect(read(output)).rejects.toMatchObject({ code: "program/missing" });
    expect([await stderr, pid]).toEqual(["", undefined]);
  });

  it("that the host lets nobody start says so, and not that it failed", async () => {
    const asking = `
      const { openSync } = await import("node:fs");
      const { run } = await import(${JSON.stringify(program)});
      try { for (;;) openSync("/dev/null"); } catch {}
      await run({ file: "true", args: [] }, { signal: new AbortController().signal }).catch(({ code, message }) => {
        process.stdout.write(code + ": " + message);
      });`;
    const node = [process.execPath, "--input-type=module", "-e", asking];
    const { stdout } = await run(
      { file: "/bin/sh", args: ["-c", 'ulimit -n 64; exec "$@"', "sh", ...node] },
      wait,
    );
    expect(stdout.toString("utf8")).toBe(
      "program/unstarted: true could not be started: too many files are open (EMFILE)",
    );
  });

  it("that may not be run fails", async () => {
    await expect(run({ file: "/etc/passwd", args: [] }, wait)).rejects.toMatchObject({
      code: "program/failed",
    });
  });

  it("is ended with the wait, and fails as that does", async () => {
    const over = new AbortController();
    const { output, stderr } = pour(shell("echo said >&2; echo begun; exec sleep 60"), {
      signal: over.signal,
    });
    const parts: string[] = [];
    const reading = (async () => {
      for await (const part of output) {
        parts.push(part.toString("utf8"));
        over.abort(new Failure("wait/cancelled", "enough"));
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "wait/cancelled", message: "enough" });
    expect([parts, await stderr]).toEqual([["begun\n"], "said\n"]);
  });

  it("ends when we do at once, with all that it started", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "program-"));
    const pipe = join(folder.path, "pipe");
    await run({ file: "mkfifo", args: [pipe] }, wait);
    // Both the shell and its sleep hold the pipe open.
    const begun = shell(`exec 3>"${pipe}"; echo begun; sleep 60; :`);
    const ending = `
      const { pour } = await import(${JSON.stringify(program)});
      const { output } = pour(${JSON.stringify(begun)}, { signal: new AbortController().signal });
      for await (const _ of output) process.exit(130);`;
    const bothEnded = readFile(pipe, { signal: AbortSignal.timeout(20_000) });
    const node = ["--input-type=module", "-e", ending];
    await expect(run({ file: process.execPath, args: node }, wait)).rejects.toThrow("exit code 130");
    expect(await bothEnded).toHaveLength(0);
  });

  it("is not begun when the wait is over", async () => {
    const signal = AbortSignal.abort(new Failure("wait/cancelled", "enough"));
    await expect(run(shell("exit 0"), { signal })).rejects.toMatchObject({ code: "wait/cancelled" });
  });

  it("that cannot be started, for whatever reason, fails as one", async () => {
    // The last part of the path is no folder, for which the runtime throws where it otherwise tells.
    const nowhere = { file: "/etc/passwd/program", args: [] };
    await expect(run(nowhere, wait)).rejects.toMatchObject({ code: "program/failed" });
    const { output, stderr, pid } = pour(nowhere, wait);
    await expect(read(output)).rejects.toMatchObject({ code: "program/failed" });
    expect([await stderr, pid]).toEqual(["", undefined]);
  });

  it("ends when nobody reads on", async () => {
    const { output, stderr } = pour(shell("yes; echo ended >&2"), wait);
    for await (const _ of output) break;
    expect(await stderr).toContain("ended");
  });

  it.each([
    ["bytes", Buffer.alloc(1_000_000, "x")],
    ["parts", [Buffer.alloc(500_000, "x"), Buffer.alloc(500_000, "x")]],
  ])("takes its input in %s", async (_, given) => {
    const input = Buffer.isBuffer(given)
      ? given
      : (async function* () {
          yield* given;
        })();
    const { stdout } = await run({ ...shell("wc -c"), input }, wait);
    expect(stdout.toString("utf8").trim()).toBe("1000000");
  });

  it("need not take all of its input", async () => {
    const { stdout } = await run({ ...shell("head -c 3"), input: Buffer.alloc(10_000_000, "x") }, wait);
    expect(stdout.toString("utf8")).toBe("xxx");
  });

  it("whose input fails has failed, however it ended", async () => {
    async function* input(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("x");
      throw new Error("no more");
    }
    await expect(run({ ...shell("cat; exit 0"), input: input() }, wait)).rejects.toMatchObject({
      code: "program/failed",
    });
  });

  it("that complains without end is ended", async () => {
    await expect(run(shell("exec yes >&2"), wait)).rejects.toMatchObject({
      code: "program/failed",
    });
  });
});
