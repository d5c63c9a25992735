/** Every command has examples that parse and a section in docs/cli-json.md, which also knows every code of an error. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { allCommands, commandsFor } from "../../src/cli/commands.ts";
import { parseOnly } from "../support/parse-only.ts";

const commands = await allCommands();
const docs = readFileSync(resolve(import.meta.dirname, "../../docs/cli-json.md"), "utf8");

describe("the codes of errors", () => {
  const table = readFileSync(resolve(import.meta.dirname, "../../src/base/failure.ts"), "utf8");
  const codes = Array.from(
    table.matchAll(/"([a-z]+\/[a-z]+)": \{\s*exit: (\d+),\s*retryable: (true|false)/g),
    ([, code, exit, retryable]) =>
      `\`${code ?? ""}\` | ${exit ?? ""} | ${retryable === "true" ? "yes" : "no"}`,
  );

  it("are many", () => {
    expect(codes.length).toBeGreaterThan(40);
  });

  it.each(codes)("%s stands in docs/cli-json.md with its exit", (code) => {
    expect(docs).toContain(`| ${code} | `);
  });
});

describe.each(commands.map(({ name, examples }) => ({ name, examples })))("$name", ({ name, examples }) => {
  it("has examples, and each of them parses", async () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const [args] of examples) {
      expect(args.startsWith(name)).toBe(true);
      expect(await parseOnly(args.split(" "))).toMatch(/error: parsed|^damage /);
    }
  });

  it("is loaded with none but those that its words may mean", async () => {
    const words = name.split(" ");
    const loaded = (await commandsFor(["--config", "backup", ...words])).map((one) => one.name);
    expect(loaded).toContain(name);
    expect(loaded.filter((one) => !words.includes(one.replace(/ .*/, "")))).toEqual([]);
  });

  it("has a section in docs/cli-json.md", () => {
    expect(docs).toMatch(new RegExp(`^## \`${name}[ \`]`, "m"));
  });
});

describe("a command line that names no command", () => {
  it("loads all of them for the help, and none for the version", async () => {
    const all = commands.map(({ name }) => name);
    for (const args of [[], ["--help"], ["--help", "--version"], ["nonsense"]])
      expect((await commandsFor(args)).map(({ name }) => name)).toEqual(all);
    for (const args of [["--version"], ["--json", "--version"], ["--config", "backup", "--version"]])
      expect(await commandsFor(args)).toEqual([]);
  });
});
