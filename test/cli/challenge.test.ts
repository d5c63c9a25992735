/** `challenge` on the command line: what it takes, what it prints, and that it exits 3 when verification fails it. */
import { readdirSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allCommands } from "../../src/cli/commands.ts";
import { challengeOf } from "../../src/cli/challenge.ts";
import { saidHere, type SaidHere } from "../support/holdfast-here.ts";
import { holdfastCli } from "../support/transcript.ts";
import { challengeJson } from "../support/challenge-report.ts";
import { credulous } from "../support/blind-examiner.ts";
import { passableFolder } from "../support/passable-folder.ts";

describe("challenge --list", () => {
  it("names the damages of a family, and what must come of each", async () => {
    const said = await saidHere(["challenge", "--list", "--family", "machine", "--json"]);
    expect(said.exit).toBe(0);
    const listed: unknown = JSON.parse(said.stdout);
    expect(listed).toContainEqual({
      name: "amcheck-missing",
      family: "machine",
      title: "the extension amcheck is not installed",
      expected: "inconclusive",
      seenBy: ["indexes"],
    });
    expect(listed).not.toContainEqual(expect.objectContaining({ family: "store" }));
  });

  it("prints a table for people", async () => {
    const said = await saidHere(["challenge", "--list", "--only", "object-missing"]);
    expect(said.stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["damage", "family", "must be", "by", "what"],
      ["object-missing", "store", "refuted", "copy", "an object is missing"],
      [""],
    ]);
  });
});

describe("challenge", () => {
  it.each([
    [["--only", "no-such-damage"], "there is no damage no-such-damage"],
    [["--family", "weather"], "weather"],
    [["--family", "store", "--only", "row-lost"], "no damage of the family store is called row-lost"],
    [["--random", "-1"], "--random takes a whole number"],
    [["--random", "many"], "--random takes a whole number"],
    [["--seed", "1.5"], "--seed takes a whole number"],
  ])("refuses %j", async (args, message) => {
    const said = await saidHere(["challenge", ...args]);
    expect(said.exit).toBe(2);
    expect(said.stderr).toContain(message);
  });

  it("exits 0 and says by what each damage was found, whatever the umask is that it was started with", async () => {
    const only = ["object-missing", "proof-by-stranger", "amcheck-missing"].flatMap((name) => [
      "--only",
      name,
    ]);
    const before = process.umask(0o077);
    let said: SaidHere;
    try {
      said = await saidHere(["challenge", ...only, "--random", "0", "--seed", "7", "--json"]);
      expect(process.umask()).toBe(0o077);
    } finally {
      process.umask(before);
    }
    expect({ exit: said.exit, stderr: said.exit === 0 ? "" : said.stderr }).toEqual({ exit: 0, stderr: "" });
    const { results, ...sum } = challengeJson.parse(JSON.parse(said.stdout));
    expect(sum).toMatchObject({
      damages: 3,
      found: 3,
      missed: [],
      byAccident: [],
      falseAlarms: [],
      seed: 7,
      folder: null,
    });
    expect(sum.undamaged).toBe(results.length - 3);
    expect(results).toContainEqual(
      expect.objectContaining({ name: "object-missing", outcome: "refuted", by: ["copy"], asExpected: true }),
    );
    expect(said.stderr).toContain("proof-by-stranger: unproven by list");
  });

  it("exits 3 and names what verification missed", async () => {
    const commands = [
      ...(await allCommands()).filter(({ name }) => name !== "challenge"),
      challengeOf(credulous),
    ];
    const args = ["challenge", "--only", "record-by-stranger", "--only", "proof-by-worker", "--random", "0"];
    const said = await saidHere(args, {}, "/", commands);
    expect(said.exit).toBe(3);
    expect(said.stdout).toContain("missed: record-by-stranger: refuted expected, proven");
    expect(said.stdout).toContain("missed: proof-by-worker: unproven expected, proven");
    expect(said.stdout).toMatch(/0 of 2 damages found, 0 false alarms in \d+ undamaged runs/);
  });

  it("that is interrupted exits 130 and leaves nothing behind", async () => {
    const temp = await passableFolder("holdfast-challenge-cli-");
    try {
      const ran = await holdfastCli(["challenge", "--family", "store", "--random", "0"], {
        env: { TMPDIR: temp },
        onSaid: { text: "refuted by copy", act: (pid) => process.kill(pid, "SIGINT") },
      });
      expect({ exit: ran.exit, said: ran.stderr.split("\n").slice(-3) }).toMatchObject({ exit: 130 });
      expect(readdirSync(temp)).toEqual([]);
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
  });
});
