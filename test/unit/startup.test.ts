/** What a session starts with reaches the server as one string that it splits again as it was meant. */
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { isFailure } from "../../src/base/failure.ts";
import { programEnvironment } from "../../src/postgres/session/address.ts";
import { postgresFailure } from "../../src/postgres/session/errors.ts";
import { laterSettings, startupOptions, startupOptionsOfTenant } from "../../src/postgres/session/startup.ts";

describe("the settings of a new session", () => {
  it("name no role and look nowhere for names", () => {
    const options = startupOptions().split(/(?<!\\) /);
    expect(options).toContain("role=none");
    expect(options).toContain("search_path=");
  });

  it("keep the words of one value together", () => {
    expect(startupOptions()).toContain(String.raw`-c default_transaction_isolation=read\ committed`);
    expect(startupOptions({ name: "a\\b" })).toMatch(/-c name=a\\\\b$/);
  });

  it("leave the search_path to the tenant's own sessions, and nothing else", () => {
    const own = startupOptions().split(" -c ");
    const ofTenant = startupOptionsOfTenant().split(" -c ");
    expect(own.filter((option) => !ofTenant.includes(option))).toEqual(["search_path="]);
  });

  it("hold what a release knows and no more", () => {
    expect(laterSettings(130_022)).toEqual({});
    expect(laterSettings(140_000)).toEqual({ idle_session_timeout: "0" });
  });

  it("are the same for programs", () => {
    const address = { host: "h", port: 1, user: "u", password: "p", database: "d" };
    expect(programEnvironment(address)["PGOPTIONS"]).toBe(startupOptions());
  });

  it("are refused by some poolers, which is told as what it is", () => {
    const refused = new DatabaseError("unsupported startup parameter: options", 1, "error");
    refused.code = "08P01";
    expect(isFailure(postgresFailure("source", "connect", refused), "source/pooler")).toBe(true);
  });
});
