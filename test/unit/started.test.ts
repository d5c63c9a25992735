/** The program is started with the same settings of the C library from a checkout as where it is installed. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const project = resolve(import.meta.dirname, "../..");
const packageFile = z.object({ scripts: z.object({ holdfast: z.string() }) });

it("the script of the checkout says what the first line of the program says", () => {
  const [first = ""] = readFileSync(resolve(project, "src/main.ts"), "utf8").split("\n");
  const settings = /^#!\/usr\/bin\/env -S ((?:MALLOC_[A-Z_]+=\d+ )+)node$/.exec(first)?.[1];
  expect(settings).toBeDefined();
  const { scripts } = packageFile.parse(JSON.parse(readFileSync(resolve(project, "package.json"), "utf8")));
  expect(scripts.holdfast).toBe(`${settings ?? ""}node src/main.ts`);
});
