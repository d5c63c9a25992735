/** A secret is read when it is used and shows nowhere. */
import { writeFile } from "node:fs/promises";
import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { parseSecretPlace, Secret } from "../../src/config/secret.ts";
import { configFolder } from "../support/config-folder.ts";

describe("a secret", () => {
  const secret = new Secret(
    "sources.erp.url",
    { kind: "env", variable: "ERP_URL" },
    { ERP_URL: " canary \n" },
  );

  it("prints as [redacted] wherever it is put", () => {
    const shown = [
      JSON.stringify({ secret }),
      inspect({ deep: { secret } }),
      String(secret),
      format("%s %o", secret, secret),
    ];
    for (const text of shown) {
      expect(text).toContain("[redacted]");
      expect(text).not.toContain("canary");
    }
  });

  it("is revealed from the environment without white space around it", async () => {
    expect(await secret.reveal()).toBe("canary");
  });

  it("is revealed from a file, and seen anew when the file changes", async () => {
    await using made = await configFolder("", { "keys/one": "first\n" });
    const file = new Secret("keys.identity", { kind: "file", path: `${made.folder}/keys/one` }, {});
    expect(await file.reveal()).toBe("first");
    await writeFile(`${made.folder}/keys/one`, "second\n");
    expect(await file.reveal()).toBe("second");
  });

  it("names its setting when the variable, the file or the value is missing", async () => {
    const reasons = await Promise.all(
      [
        new Secret("a.b", { kind: "env", variable: "NOT_SET" }, {}),
        new Secret("a.c", { kind: "file", path: "/nonexistent/x" }, {}),
        new Secret("a.d", { kind: "env", variable: "EMPTY" }, { EMPTY: "  " }),
      ].map((one) =>
        one.reveal().catch((error: unknown) => (isFailure(error, "config/invalid") ? error.message : error)),
      ),
    );
    expect(reasons).toEqual([
      "a.b: environment variable NOT_SET is not set",
      "a.c: file /nonexistent/x cannot be read",
      "a.d: environment variable EMPTY is empty",
    ]);
  });

  it("is written as env:NAME or file:PATH and in no other way", () => {
    expect(parseSecretPlace("env:ERP_URL")).toEqual({ kind: "env", variable: "ERP_URL" });
    expect(parseSecretPlace("file:./x y")).toEqual({ kind: "file", path: "./x y" });
    for (const text of ["ERP_URL", "env:", "env:a b", "file:", "ENV:X", ""])
      expect(parseSecretPlace(text)).toBeNull();
  });
});
