/** Who names a database in the place of its URL learns how the whole URL is written. */
import { expect, it } from "vitest";
import { parseRestore } from "../../src/cli/restore/arguments.ts";

function refusalOf(to: string): Promise<unknown> {
  return parseRestore({ tenant: "acme", to }, { env: {}, cwd: "/" }).catch((error: unknown) => error);
}

it("a name alone is answered with a whole URL, and not repeated, since it may be a secret", async () => {
  const refusal = await refusalOf("canary");
  expect(refusal).toMatchObject({
    code: "usage/invalid",
    hint: "the name of a database does not say on which server it is; a whole URL is wanted: --to postgres://user@host/NAME",
  });
  expect(String(refusal)).not.toContain("canary");
});

it("a URL that is not understood is answered with how it is escaped", async () => {
  expect(await refusalOf("postgres://u@p@h:x/d")).toMatchObject({
    code: "usage/invalid",
    hint: "in user and password, @ : / ? # % are written %40 %3A %2F %3F %23 %25",
  });
});
