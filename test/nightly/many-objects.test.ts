/** More objects in one backup than the engine takes as arguments are looked at and carried in the memory that there is. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const bench = join(import.meta.dirname, "../../bench/many-objects.ts");

it.for([
  ["look at all", "present,present"],
  ["scrub", "200006 whole"],
  ["heal what is all missing", "200000 healed"],
  ["replicate to an empty store", "copied 200002"],
  ["prune nothing", "pruned"],
] as const)("%s of two hundred thousand objects, below 300 MB", async ([name, told]) => {
  const args = [bench, "--objects", "200000", "--case", name];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toContain(`| ${name} | `);
  expect(stdout).toContain(` | ${told} `);
});
