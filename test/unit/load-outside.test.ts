/** What a tenant of schemas lacks of other schemas is told from what it lacks of its own, by the server's words. */
import { describe, expect, it } from "vitest";
import type { Scope } from "../../src/model/fingerprint.ts";
import { isForWantOfOthers } from "../../src/postgres/load/outside.ts";

const ours: Scope = { kind: "schemas", database: "shared", schemas: ["ours", "Our s"] };

describe("a refusal", () => {
  it.each([
    ["42P01", 'relation "public.person" does not exist'],
    ["42P01", "la relation « public.person » n'existe pas"],
    ["42883", "function others.watch() does not exist"],
    ["42883", "operator does not exist: integer others.=== integer"],
    ["42704", 'type "others.state" does not exist'],
    ["42704", 'text search configuration "others.plain" does not exist'],
    ["42883", 'function "The Others".watch(ours.pet) does not exist'],
    ["3F000", 'schema "others" does not exist'],
    ["3F000", 'Schema "The Others" existiert nicht'],
  ])("%s is for want of others: %s", (sqlState, message) => {
    expect(isForWantOfOthers({ sqlState, message }, ours)).toBe(true);
    expect(isForWantOfOthers({ sqlState, message }, { kind: "database", database: "shared" })).toBe(false);
  });

  it.each([
    ["42P01", 'relation "ours.pet" does not exist'],
    ["42P01", 'relation "pet" does not exist'],
    ["42883", 'function "Our s".watch(others.person) does not exist'],
    ["3F000", 'schema "ours" does not exist'],
    ["23503", 'insert or update on table "pet" violates foreign key constraint "others.fk"'],
    ["22P02", 'invalid input syntax for type integer: "others.x"'],
  ])("%s is not: %s", (sqlState, message) => {
    expect(isForWantOfOthers({ sqlState, message }, ours)).toBe(false);
  });
});
