/** The small rules of a load: what the administrator may run, how stored settings are written, which errors end it. */
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { adminMay, kindOf } from "../../src/postgres/load/kinds.ts";
import { refusalOf } from "../../src/postgres/load/report.ts";
import { scramVerifier } from "../../src/postgres/load/scram.ts";
import { settingClause } from "../../src/postgres/load/settings.ts";

const serverError = (code: string): Failure => {
  const cause = new DatabaseError("row (secret) is bad", 0, "error");
  cause.code = code;
  return new Failure("load/failed", "statement", { cause });
};

describe("who runs an entry", () => {
  it("never lets the administrator run what evaluates a tenant's expression", () => {
    const kinds = [
      "TABLE",
      "TABLE ATTACH",
      "INDEX",
      "CONSTRAINT",
      "FK CONSTRAINT",
      "TRIGGER",
      "CONVERSION",
      "VIEW",
    ];
    const runners = kinds.map((desc) => kindOf({ desc, tag: "t", section: "pre-data" }).runner);
    expect(new Set(runners)).toEqual(new Set(["loader"]));
  });

  it("gives a kind it has never heard of to the loader", () => {
    expect(kindOf({ desc: "NOVELTY", tag: "t", section: "post-data" })).toEqual({
      stage: "post",
      runner: "loader",
    });
  });

  it("keeps aggregates with an initial value and types without input functions from the administrator", () => {
    const aggregate = "CREATE AGGREGATE s.a(int) (\n    SFUNC = f,\n    STYPE = s.d,\n    INITCOND = '0'\n);";
    expect(adminMay({ desc: "AGGREGATE", defn: aggregate })).toBe(false);
    expect(adminMay({ desc: "TYPE", defn: "CREATE TYPE s.r AS RANGE (\n    subtype = s.d\n);" })).toBe(false);
    const base = "CREATE TYPE s.b (\n    INTERNALLENGTH = 16,\n    INPUT = s.i,\n    OUTPUT = s.o\n);";
    expect(adminMay({ desc: "TYPE", defn: base })).toBe(true);
  });

  it("takes what concerns the database itself from the fingerprint", () => {
    expect(kindOf({ desc: "ACL", tag: "DATABASE acme", section: "none" }).stage).toBe("own");
    expect(kindOf({ desc: "COMMENT", tag: "EVENT TRIGGER e", section: "none" }).stage).toBe("event-trigger");
  });
});

describe("stored settings", () => {
  it("are written as lists where they are lists, and as one value elsewhere", () => {
    expect(settingClause("search_path", '"$user", "My ""App""", public')).toBe(
      `"search_path" = '$user', 'My "App"', 'public'`,
    );
    expect(settingClause("app.tenant", "it's, fine")).toBe(`"app"."tenant" = 'it''s, fine'`);
    expect(settingClause("search_path", "")).toBe(`"search_path" = ''`);
  });
});

describe("a refusal", () => {
  it("blames the data for a violated constraint and the machine for a missing right", () => {
    expect(refusalOf(serverError("23505"))).toMatchObject({ kind: "data", sqlState: "23505" });
    expect(refusalOf(serverError("42501"))).toMatchObject({ kind: "machine" });
  });

  it("is not what a full disk, a lost server or a damaged object is", () => {
    for (const code of ["53100", "57P01", "58030"])
      expect(() => refusalOf(serverError(code))).toThrow(Failure);
    expect(() => refusalOf(new Failure("store/corrupt", "x"))).toThrow("x");
  });
});

describe("the verifier of the temporary login's password", () => {
  it("equals the example of RFC 7677", () => {
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    const verifier = scramVerifier("pencil", salt);
    expect(verifier).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });
});
