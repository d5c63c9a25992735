/** The frame of the command line: help, wrong usage, exit codes, and errors as text and as JSON. */
import { describe, expect, it } from "vitest";
import { configFolder, designYaml } from "../support/config-folder.ts";
import { holdfastCli } from "../support/transcript.ts";

describe("help", () => {
  it("is the overview, on standard output, when nothing is asked", async () => {
    const ran = await holdfastCli([]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout).toMatch(/^holdfast COMMAND\n\nSealed, proven backups/);
    for (const word of ["init", "doctor", "keys", "stores", "config", "tenants", "Exit: 0 done"]) {
      expect(ran.stdout).toContain(word);
    }
  });

  it("of a command shows how it is written, its options and examples", async () => {
    const ran = await holdfastCli(["keys", "rotate", "--help"]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout).toMatch(
      /^holdfast keys rotate <tenant>\n\nmake the next generation of a tenant's keys/,
    );
    expect(ran.stdout).toContain("Examples:\n  holdfast keys rotate acme");
    expect(ran.stdout).toContain("--json");
  });

  it("tells the version", async () => {
    expect(await holdfastCli(["--version"])).toEqual({ exit: 0, stdout: "0.1.0\n", stderr: "" });
  });
});

describe("wrong usage", () => {
  it.each([
    [["frobnicate"], "unknown argument: frobnicate"],
    [["keys"], "name a command of keys"],
    [["keys", "destroy"], "unknown argument: destroy"],
    [["tenants", "--colour"], "unknown argument: colour"],
    [["restore", "acme", "--to", "x", "--plan-only=yes"], "--plan-only takes no value, not yes"],
    [["prune", "--dry-run=1"], "--dry-run takes no value, not 1"],
    [["prune", "--dry-run="], "--dry-run takes no value"],
    [["list", "--", "acme"], "-- is of no use here: no name begins with a dash"],
    [["config", "check", "--config"], "not enough arguments following: config"],
    [["config", "check", "--config", "a", "--config", "b"], "--config is given 2 times"],
    [["daemon", "--log-level", "loud"], "--log-level is loud, and must be one of debug, info, warn, error"],
    [["keys", "new", "--only", "both"], '--only is "both", and must be one of "identity", "signing"'],
  ])("%j exits 2 and says what is wrong", async (args, message) => {
    expect(await holdfastCli(args)).toEqual({
      exit: 2,
      stdout: "",
      stderr: `error: ${message}\n  hint: --help shows the command with examples\n`,
    });
  });

  it.each([
    [["bakcup", "acme"], "unknown arguments: bakcup, acme", "did you mean backup?"],
    [["config", "chekc"], "unknown argument: chekc", "did you mean config check?"],
    [["tenants", "schedul", "acme"], "unknown arguments: schedul, acme", "did you mean tenants schedule?"],
    [["backup", "acme", "--al"], "unknown argument: al", "did you mean --all?"],
    [
      ["--config", "backup", "show", "acme"],
      "not enough non-option arguments: got 1, need at least 2",
      "it is written holdfast show <tenant> <backup>; --help shows it with examples",
    ],
  ])("%j is told what was meant", async (args, message, hint) => {
    expect(await holdfastCli(args)).toEqual({
      exit: 2,
      stdout: "",
      stderr: `error: ${message}\n  hint: ${hint}\n`,
    });
  });

  it("with --json is one document on standard output", async () => {
    const ran = await holdfastCli(["frobnicate", "--json"]);
    expect(ran.exit).toBe(2);
    expect(JSON.parse(ran.stdout)).toEqual({
      error: {
        code: "usage/invalid",
        message: "unknown argument: frobnicate",
        hint: "--help shows the command with examples",
      },
    });
  });
});

describe("the configuration", () => {
  it("that is not there exits 2 and says how to get one", async () => {
    await using made = await configFolder("");
    const ran = await holdfastCli(["config", "check", "--config", "none.yaml"], {
      cwd: made.folder,
      hide: { [made.folder]: "FOLDER" },
    });
    expect(ran).toEqual({
      exit: 2,
      stdout: "",
      stderr: "error: there is no FOLDER/none.yaml\n  hint: `holdfast init` writes a working holdfast.yaml\n",
    });
  });

  it("that is bad has every problem listed at once", async () => {
    await using made = await configFolder(
      designYaml
        .replace("plan: enterprise", "plan: platinum")
        .replace("maxConcurrent: 2", "maxConcurrent: 0"),
    );
    const ran = await holdfastCli(["config", "check"], {
      cwd: made.folder,
      hide: { [made.folder]: "FOLDER" },
    });
    expect(ran).toEqual({
      exit: 2,
      stdout: "",
      stderr: `error: 2 problems in FOLDER/holdfast.yaml
  sources.erp.maxConcurrent: must be at least 1
  tenants.acme.plan: there is no plan platinum
  hint: docs/holdfast.schema.json describes every setting
`,
    });
  });

  it("that is good is summed up, and needs none of its secrets", async () => {
    await using made = await configFolder(designYaml);
    const hide = { [made.folder]: "FOLDER" };
    const ran = await holdfastCli(["config", "check"], { cwd: made.folder, hide });
    expect(ran).toEqual({
      exit: 0,
      stdout: "FOLDER/holdfast.yaml is good: 3 plans, 2 stores, 1 source, 2 tenants, 1 rule of discovery\n",
      stderr: "",
    });
    const json = await holdfastCli(["config", "check", "--json"], { cwd: made.folder, hide });
    expect(JSON.parse(json.stdout)).toEqual({
      config: "FOLDER/holdfast.yaml",
      plans: ["business", "enterprise", "standard"],
      stores: ["dubai", "frankfurt"],
      sources: ["erp"],
      tenants: [
        { tenant: "acme", source: "erp", plan: "enterprise", stores: ["dubai", "frankfurt"] },
        { tenant: "bravo", source: "erp", plan: "standard", stores: ["frankfurt"] },
      ],
      discover: 1,
    });
  });
});
