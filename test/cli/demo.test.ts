/** `demo`, as it is installed, tells its story to the end in less than two minutes, and leaves nothing behind, also when it is interrupted. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { installed } from "../support/installed.ts";
import { holdfastCli } from "../support/transcript.ts";
import { passableFolder } from "../support/passable-folder.ts";

let temp: string;
let packages: string;
let program: string;

beforeAll(async () => {
  temp = await passableFolder("holdfast-demo-test-");
  packages = await passableFolder("holdfast-installed-");
  program = installed(join(packages, "holdfast"));
});

afterAll(() => {
  for (const folder of [temp, packages]) rmSync(folder, { recursive: true, force: true });
});

const told = z.strictObject({
  scenes: z.array(
    z.strictObject({ title: z.string(), outcome: z.string(), asExpected: z.boolean(), seconds: z.number() }),
  ),
  folder: z.null(),
});

describe("the demo", () => {
  it("exits 0 with every scene as expected, in under two minutes, and leaves nothing behind", async () => {
    const ran = await holdfastCli(["demo", "--json"], { program, env: { TMPDIR: temp } });
    expect(ran.exit).toBe(0);
    const { scenes } = told.parse(JSON.parse(ran.stdout));
    expect(scenes.filter(({ asExpected }) => !asExpected)).toEqual([]);
    expect(scenes.map(({ title }) => title)).toEqual(
      scenes.map(({ title }) => expect.stringContaining(title)),
    );
    expect(scenes.length).toBeGreaterThanOrEqual(7);
    expect(scenes.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(120);
    for (const word of ["proven", "refuted", "restored"]) expect(ran.stderr + ran.stdout).toContain(word);
    expect(readdirSync(temp)).toEqual([]);
  });

  it("that is interrupted exits 130 and leaves nothing behind", async () => {
    const ran = await holdfastCli(["demo"], {
      program,
      env: { TMPDIR: temp },
      onSaid: { text: "Every copy is restored", act: (pid) => process.kill(pid, "SIGINT") },
    });
    expect(ran.exit).toBe(130);
    expect(readdirSync(temp)).toEqual([]);
  });
});
