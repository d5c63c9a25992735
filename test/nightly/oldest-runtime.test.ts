/** The installed program runs under the oldest runtime that `engines` names: the demo tells its story to the end. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { installed } from "../support/installed.ts";
import { holdfastCli } from "../support/transcript.ts";
import { passableFolder } from "../support/passable-folder.ts";

const manifest = z.object({ engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) });
let folder: string;

beforeAll(async () => {
  folder = await passableFolder("holdfast-oldest-");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("backs up, proves, refutes and restores", async () => {
  const { engines } = manifest.parse(
    JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")),
  );
  const oldest = `${engines.node.slice(">=".length)}.0`;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ allowScripts: { node: true } }));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", `node@${oldest}`], {
    cwd: folder,
    stdio: "ignore",
  });
  const runtime = join(folder, "node_modules", "node", "bin", "node");
  expect(execFileSync(runtime, ["--version"], { encoding: "utf8" }).trim()).toBe(`v${oldest}`);
  const program = installed(join(folder, "holdfast"));
  const path = `${dirname(runtime)}:${process.env["PATH"] ?? ""}`;
  const ran = await holdfastCli(["demo"], { program, env: { PATH: path } });
  expect(ran.stderr + ran.stdout).toContain("all as expected");
  expect(ran.exit).toBe(0);
});
