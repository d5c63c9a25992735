/** A server whose OpenSSL is under FIPS refuses MD5, and with it every backup that asks for it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const folder = join(import.meta.dirname, "..", "..", "src", "postgres");

it("no statement of ours asks a server for MD5", () => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  expect(files).toContain(join("readings", "members.ts"));
  expect(files.filter((name) => /\bmd5\s*\(/i.test(readFileSync(join(folder, name), "utf8")))).toEqual([]);
});
