/** The published JSON Schemas are those of the code, and the shipped plans are good. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { jsonSchemas } from "../../src/config/json-schemas.ts";
import { plan } from "../../src/model/plan.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the published schemas", () => {
  it.each(Object.entries(jsonSchemas()))("docs/%s is up to date (npm run schemas)", (file, schema) => {
    expect(JSON.parse(readFileSync(join(root, "docs", file), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(schema)),
    );
  });
});

describe("the shipped plans", () => {
  const files = readdirSync(join(root, "plans"));

  it("are the three tiers", () => {
    expect(files.sort()).toEqual(["business.yaml", "enterprise.yaml", "standard.yaml"]);
  });

  it.each(files)("%s says everything a plan has to", (file) => {
    const raw: unknown = parse(readFileSync(join(root, "plans", file), "utf8"));
    const read = plan.parse(raw);
    expect(read.schedules.daily).not.toBeNull();
    expect(read.retention.daily).toBeGreaterThanOrEqual(7);
    expect(read.copies.count).toBeGreaterThanOrEqual(2);
  });
});

describe("a plan", () => {
  const good = z
    .record(z.string(), z.unknown())
    .parse(parse(readFileSync(join(root, "plans/standard.yaml"), "utf8")));

  it("is refused with a time zone that does not exist", () => {
    const schedules = { timeZone: "Mars/Olympus", daily: null, weekly: null };
    const read = plan.safeParse({ ...good, schedules });
    expect(read.error?.issues[0]?.message).toBe("must be a time zone such as Asia/Dubai");
  });

  it("is refused with a quorum above its copies", () => {
    const read = plan.safeParse({ ...good, copies: { count: 1, quorum: 2 } });
    expect(read.error?.issues[0]?.message).toBe("quorum must not exceed count");
  });
});
