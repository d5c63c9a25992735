/** Libraries find nothing in the environment that the configuration did not say (promise 12). */
import { expect, it } from "vitest";
import { ownEnvironment } from "../../src/base/own-environment.ts";

it("takes out what PostgreSQL's and the store's libraries look for, and gives all that was there", () => {
  const before = {
    PATH: "/bin",
    PGSSLMODE: "require",
    PGOPTIONS: "-c x=1",
    PGPASSWORD: "p",
    PGPASSFILE: "/pgpass",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    AWS_PROFILE: "other",
    PGP_KEY: "k",
    pgurl: "u",
  };
  const env: NodeJS.ProcessEnv = { ...before };
  expect(ownEnvironment(env)).toEqual(before);
  expect(env).toEqual({
    PATH: "/bin",
    PGPASSWORD: "p",
    PGPASSFILE: "/pgpass",
    PGP_KEY: "k",
    pgurl: "u",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  });
});
