/** A backup says by which statements its catalogs were read: other statements, and nothing else, make another digest. */
import { describe, expect, it } from "vitest";
import type { Scope } from "../../src/model/fingerprint.ts";
import { censusStatement } from "../../src/postgres/readings/census.ts";
import { definitionsStatement } from "../../src/postgres/readings/definitions.ts";
import { digestOf, readingsOf } from "../../src/postgres/readings/reading-digests.ts";
import { textDigest } from "../../src/postgres/readings/text-digest.ts";
import { wording } from "../../src/postgres/session/settings.ts";

const whole: Scope = { kind: "database", database: "shop" };
const mine: Scope = { kind: "schemas", database: "shop", schemas: ["mine"] };

describe("the digest of a reading", () => {
  it.each([
    ["the census", censusStatement],
    ["the definitions", definitionsStatement],
  ])("is another one when any line of the statement of %s is", (_, statementFor) => {
    const statement = statementFor({ scope: whole, versionNum: 150_000 });
    const digests = statement
      .split("\n")
      .map((line) => digestOf(wording, statement.replace(line, `${line} and true`)));
    expect(digests).not.toContain(digestOf(wording, statement));
  });

  it("is another one when a setting is that spells what the server says", () => {
    const [one, other] = [wording, { ...wording, datestyle: "German" }].map((settings) =>
      digestOf(settings, "select now()::text"),
    );
    expect(one).not.toBe(other);
  });

  it("does not depend on how a statement is laid out, but on all that is quoted in it", () => {
    const digest = digestOf({}, "select 'a  b', \"c  d\"\n  from t");
    expect(digestOf({}, "\nselect 'a  b',\n\n\"c  d\" from t ")).toBe(digest);
    expect(digestOf({}, "select 'a b', \"c  d\" from t")).not.toBe(digest);
    expect(digestOf({}, "select 'a  b', \"c d\" from t")).not.toBe(digest);
    expect(digestOf({}, "select 'a  b'", '"c  d" from t')).not.toBe(digest);
  });
});

describe("how a tenant is read", () => {
  it("includes what only a superuser is asked", () => {
    expect(censusStatement({ scope: whole, versionNum: 150_000 })).toContain(textDigest("s.subconninfo"));
  });

  it("is the same for every database, all schemas and each minor release", () => {
    const first = readingsOf({ scope: whole, versionNum: 150_001 });
    expect(readingsOf({ scope: { ...whole, database: "other" }, versionNum: 150_018 })).toEqual(first);
    const ofSchemas = readingsOf({ scope: mine, versionNum: 150_001 });
    const others = { ...mine, schemas: ["theirs", "ours"] };
    expect(readingsOf({ scope: others, versionNum: 150_018 })).toEqual(ofSchemas);
  });

  it("is told for each reading by itself", () => {
    const readings = Object.values(readingsOf({ scope: whole, versionNum: 150_001 }));
    expect(new Set(readings).size).toBe(readings.length);
    const ofSchemas = readingsOf({ scope: mine, versionNum: 150_001 });
    expect(readings).not.toContain(ofSchemas.census);
    expect(readings).toContain(ofSchemas.roles);
  });
});
